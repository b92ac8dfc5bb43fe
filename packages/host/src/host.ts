import { join, resolve } from "node:path";
import { PaddockError, quote } from "@paddock/contract";
import { createAdmin } from "./admin/create-admin.js";
import { createPluginData } from "./admin/data/plugin-data.js";
import { createLogBook } from "./admin/log-book.js";
import { operatedEvent } from "./admin/operated-event.js";
import { type BundleStore, createBundleStore } from "./bundle/store.js";
import { createBroker } from "./capabilities/broker.js";
import { createEventBus } from "./capabilities/events.js";
import type { GuestIdentity } from "./capabilities/guest-identity.js";
import { createKeyValueProvider } from "./capabilities/kv.js";
import { createPluginCallProvider } from "./capabilities/plugin-call.js";
import { type ResolvedConfig, resolveConfig } from "./config/resolve-config.js";
import { checkDependencies, type Dependent, dependentsOf } from "./dependencies/check-dependencies.js";
import { checkEngine } from "./dependencies/check-engine.js";
import { stillNeeded } from "./dependencies/dependency-errors.js";
import { loadInOrder } from "./dependencies/load-in-order.js";
import { startOrder } from "./dependencies/start-order.js";
import { sweepDrafts } from "./drafts.js";
import type { Host, HostOptions, PluginInfo } from "./host-interface.js";
import type { Isolation } from "./isolation/isolation.js";
import { createProcessIsolation } from "./isolation/process/process.js";
import { readFolder, readForce } from "./load-request.js";
import { loadPlugin } from "./loading/load-plugin.js";
import { readPaddockVersion } from "./paddock-version.js";
import { type Granting, grantingOf } from "./permissions/granting.js";
import { compilePluginSchemas } from "./pipeline/action-schemas.js";
import { ANSWER_WORKER_FILE } from "./pipeline/answer-worker-file.js";
import { Attempt } from "./pipeline/attempt.js";
import { readCallOptions } from "./pipeline/call-options.js";
import { CallPipeline } from "./pipeline/call-pipeline.js";
import type { OwnStage } from "./pipeline/own-stage.js";
import { checkPluginConfig } from "./pipeline/plugin-config.js";
import { readOwnStages } from "./pipeline/stages.js";
import { checkImplements, readPoints } from "./points/check-implements.js";
import type { Point } from "./points/point.js";
import { createPointCalls } from "./points/point-calls.js";
import { createNodeRuntime } from "./runtimes/node.js";
import { createProgramRuntime } from "./runtimes/program.js";
import { createPythonRuntime } from "./runtimes/python.js";
import { assertMechanisms, makeHome } from "./start-checks.js";
import { type HomeLock, lockHome } from "./store/home-lock.js";
import { createSqliteStore } from "./store/sqlite.js";
import { FileRoom } from "./streams/file-room.js";
import { JsonPool } from "./streams/json/json-pool.js";
import { gaugesOf } from "./supervisor/gauges.js";
import type { Guest } from "./supervisor/guest.js";
import type { GuestLog } from "./supervisor/guest-log.js";
import type { LoadedPlugin } from "./supervisor/plugin.js";
import { createQuarantineRecords } from "./supervisor/quarantine-records.js";
import { Supervisor } from "./supervisor/supervisor.js";
import { createTelemetry, readTelemetryOptions } from "./telemetry/telemetry.js";
import { Turns } from "./turns.js";

/** A host in this process. Rejects with CONFIG_INVALID, HOME_IN_USE, UNSUPPORTED_PLATFORM or SETUP_FAILED. */
export async function createHost(options: HostOptions = {}): Promise<Host> {
  const { onLog = () => undefined, onDecision, points, stages, onTrace, telemetry, ...written } = options;
  const known = readPoints(points);
  const ownStages = readOwnStages(stages);
  const telemetryOptions = readTelemetryOptions(telemetry);
  const config = resolveConfig(written);
  await makeHome(config.home);
  const lock = await lockHome(config.home);
  const rooms = await openRooms(config).catch(async (error: unknown) => {
    await lock.release();
    throw error;
  });
  return assemble(config, lock, rooms, onLog, onDecision, known, ownStages, onTrace, telemetryOptions);
}

/** What writes into the home. What an earlier host left there, because it was killed, is gone. */
interface Rooms {
  readonly isolation: Isolation;
  readonly bundles: BundleStore;
  readonly fileRoom: FileRoom;
}

async function openRooms(config: ResolvedConfig): Promise<Rooms> {
  const isolation = await createProcessIsolation({ home: config.home, uids: config.uids });
  const bundles = createBundleStore(join(config.home, "bundles"));
  const fileRoom = new FileRoom(join(config.home, "files"), isolation.reachesPrivateDirectories);
  try {
    await assertMechanisms(config, isolation);
    await Promise.all([
      isolation.sweep(),
      bundles.sweep(),
      fileRoom.sweep(),
      sweepDrafts(join(config.home, "cache")),
    ]);
    return { isolation, bundles, fileRoom };
  } catch (error) {
    await isolation.close();
    throw error;
  }
}

function assemble(
  config: ResolvedConfig,
  lock: HomeLock,
  { isolation, bundles, fileRoom }: Rooms,
  onLog: (log: GuestLog) => void,
  onDecision: HostOptions["onDecision"],
  points: ReadonlyMap<string, Point>,
  ownStages: readonly OwnStage[],
  onTrace: HostOptions["onTrace"],
  telemetryOptions: ReturnType<typeof readTelemetryOptions>,
): Host {
  const store = createSqliteStore(join(config.home, "store"));
  const reach = { isBound: isolation.reachesPrivateDirectories, cacheDirectory: join(config.home, "cache") };
  const { node: nodePath, python: pythonPath, guards } = config.interpreter;
  const node = createNodeRuntime({ path: nodePath, guards, ...reach });
  const python = createPythonRuntime({ path: pythonPath, ...reach });
  const tools = { node: () => node.tool([]), python: python.tool };
  const runtimes = [node, python, createProgramRuntime({ tools, ...reach })];
  const telemetry = createTelemetry(telemetryOptions, () =>
    [...plugins.values()].map((plugin) =>
      gaugesOf(plugin, supervisor.status(plugin), pipeline.queued(plugin)),
    ),
  );
  const bus = createEventBus({
    plugins: () => plugins.values(),
    guests: (plugin, tenant) => supervisor.readyGuests(plugin, tenant),
    onChange: ({ manifest: { id, version } }, change) =>
      telemetry.onEvent({ at: Date.now(), plugin: id, version, ...change }),
  });
  const broker = createBroker({
    providers: [
      createKeyValueProvider(store),
      bus.provider,
      createPluginCallProvider(({ plugin, permissions, tenant, live, signal }, target, over) =>
        pipeline.callFrom(
          { link: { id: plugin.id, permissions }, tenant, signal, chain: live?.chain ?? [] },
          live instanceof Attempt ? live : undefined,
          { plugin: find(target.plugin), action: target.action, payload: target.payload, over },
          target.timeoutMs,
        ),
      ),
    ],
    onDecision: (record) => {
      telemetry.onDecision(record);
      onDecision?.(record);
    },
  });
  const identities = new WeakMap<Guest, GuestIdentity>();
  const granting = grantingOf(config.preset);
  const logs = createLogBook();
  const json = new JsonPool(ANSWER_WORKER_FILE);
  const supervisor = new Supervisor({
    isolation,
    fileRoom,
    readJson: (stream, bounds) => json.read(stream, bounds),
    onEvent: telemetry.onEvent,
    records: createQuarantineRecords(store),
    onRoom: (plugin, shareKey) => pipeline.onRoom(plugin, shareKey),
    onLog: (log) => {
      logs.add(log);
      try {
        onLog(log);
      } catch (error) {
        // The application's mistake; it must not look like the plugin's.
        process.emitWarning(`onLog threw: ${String(error)}`, { code: "PADDOCK_ON_LOG" });
      }
    },
    onRequest: (guest, request, live) => {
      const identity = identities.get(guest) ?? identify(guest, granting);
      identities.set(guest, identity);
      return broker.handle(identity, request.method, request.params, live);
    },
  });
  const pipeline = new CallPipeline({
    attempt: (plugin, attempt, json) => supervisor.call(plugin, attempt, json),
    hasRoom: (plugin, shareKey) => supervisor.hasRoom(plugin, shareKey),
    refusal: (plugin) => supervisor.refusal(plugin),
    ownStages,
    onTrace,
    onCall: telemetry.onCall,
  });
  const plugins = new Map<string, LoadedPlugin>();
  /** Where each was loaded from. */
  const folders = new WeakMap<LoadedPlugin, string>();
  const version = readPaddockVersion();
  /** Loading and unloading of one plugin happen one after the other. */
  const turns = new Turns();
  /** Versions that are replaced, as long as they have calls. */
  const drains = new Set<Promise<void>>();
  let closing: Promise<void> | undefined;

  const assertOpen = () => {
    if (closing !== undefined) throw new PaddockError("HOST_CLOSED", "The host is closed.");
  };

  const find = (id: string): LoadedPlugin => {
    assertOpen();
    const plugin = plugins.get(id);
    if (plugin === undefined) throw notLoaded(id, [...plugins.keys()]);
    return plugin;
  };

  const dependents = (): ReadonlyMap<string, Dependent> =>
    new Map([...plugins].map(([id, { manifest }]) => [id, manifest]));

  /** The new version is there and healthy before calls go to it; the old one stays when it is not. */
  const takeIn = async (
    loaded: LoadedPlugin,
    schemas: Awaited<ReturnType<typeof compilePluginSchemas>>,
    force: boolean,
  ) => {
    checkDependencies(loaded.manifest, dependents(), force);
    const previous = plugins.get(loaded.manifest.id);
    if (previous === undefined) await supervisor.add(loaded);
    else await supervisor.addBeside(loaded, previous);
    try {
      assertOpen();
      // At once with the change: the plugins beside it may have changed meanwhile.
      checkDependencies(loaded.manifest, dependents(), force);
    } catch (error) {
      await supervisor.unload(loaded);
      throw error;
    }
    pipeline.add(loaded, schemas);
    plugins.set(loaded.manifest.id, loaded);
    if (previous === undefined) return;
    // Calls that it works on may take long; nobody waits for them.
    const drain = retire(previous, loaded).finally(() => drains.delete(drain));
    drains.add(drain);
  };

  const retire = async (plugin: LoadedPlugin, successor?: LoadedPlugin) => {
    await pipeline.drain(plugin);
    await supervisor.unload(plugin, successor);
  };

  const host: Host = {
    load: async (written, options) => {
      assertOpen();
      const folder = readFolder(written);
      const force = readForce(options);
      const loaded = await loadPlugin(folder, { config, isolation, bundles, node, runtimes });
      checkEngine(loaded.manifest, version);
      checkImplements(loaded.manifest, points);
      await checkPluginConfig(loaded.manifest, loaded.config, loaded.directory);
      const schemas = await compilePluginSchemas(loaded.manifest, loaded.directory);
      folders.set(loaded, resolve(folder));
      await turns.run(loaded.manifest.id, () => takeIn(loaded, schemas, force));
      return describe(loaded);
    },
    loadAll: (folders) => loadInOrder(folders, dependents, (folder) => host.load(folder, { force: true })),
    start: async (id, written = "main") => {
      find(id);
      const { tenant } = readCallOptions({ tenant: written });
      for (const one of startOrder(id, dependents())) await supervisor.start(find(one), tenant);
    },
    // Not async, and no promise but the call's own: this is the path that every call takes.
    call: (id, action, payload, options) => {
      try {
        return pipeline.call(find(id), action, payload, options);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    batch: (id, action, payloads, options) => pipeline.batch(() => find(id), action, payloads, options),
    point: (point) => createPointCalls(point, host),
    publish: async (topic, payload, options) => {
      assertOpen();
      bus.publish(topic, payload, readCallOptions({ tenant: options?.tenant }).tenant);
    },
    subscribe: (topics, listener, options) => {
      assertOpen();
      const tenant = options?.tenant;
      // Who names what cannot be a tenant would wait for ever.
      readCallOptions({ tenant });
      return bus.subscribers.subscribe(topics, listener, { tenant });
    },
    events: (filter) => telemetry.events(filter),
    metrics: () => telemetry.metrics(),
    unload: async (id, options) => {
      const plugin = find(id);
      const needing = dependentsOf(id, dependents().values());
      if (needing.length > 0 && !readForce(options)) throw stillNeeded(id, needing);
      plugins.delete(id);
      await turns.run(id, () => retire(plugin));
    },
    plugins: () => [...plugins.values()].map(describe),
    posture: async (id) => supervisor.report(find(id)),
    diagnose: () => isolation.diagnose(),
    admin: createAdmin({
      plugins: () => [...plugins.values()],
      find,
      folderOf: (plugin) => folders.get(plugin) ?? "",
      load: async (folder) => (await host.load(folder)).id,
      unload: (id, force) => host.unload(id, { force }),
      status: (plugin) => {
        const status = supervisor.status(plugin);
        return { ...status, waiting: status.waiting + pipeline.queued(plugin) };
      },
      samples: (plugin) => supervisor.samples(plugin),
      suspend: (plugin) => supervisor.suspend(plugin),
      resume: (plugin) => supervisor.resume(plugin),
      restart: async (plugin) => {
        await supervisor.restart(plugin);
        pipeline.forgive(plugin);
      },
      release: async (plugin) => {
        await supervisor.release(plugin);
        pipeline.forgive(plugin);
      },
      call: (id, action, payload, options) => host.call(id, action, payload, options),
      withoutGuests: (plugin, tenant, work) => supervisor.withoutGuests(plugin, tenant, work),
      logs,
      data: createPluginData({ isolation, node, store }),
      onOperation: (operation) => telemetry.onEvent(operatedEvent(operation)),
    }),
    close: () => {
      closing ??= (async () => {
        logs.close();
        pipeline.close();
        await supervisor.close();
        await json.close();
        await fileRoom.close();
        await Promise.allSettled(drains);
        await isolation.close();
        await broker.close();
        telemetry.close();
        await store.close();
        await lock.release();
      })();
      return closing;
    },
    [Symbol.asyncDispose]: () => host.close(),
  };
  return host;
}

function identify({ plugin, tenant, signal }: Guest, granting: Granting): GuestIdentity {
  const { manifest, digest, limits, permissions } = plugin;
  return {
    plugin: { id: manifest.id, version: manifest.version, digest },
    tenant,
    context: { manifest, limits, granting },
    permissions,
    signal,
  };
}

function describe({ manifest, digest, limits, permissions }: LoadedPlugin): PluginInfo {
  const { id, version, title } = manifest;
  return { id, version, title, digest, manifest, limits, permissions };
}

function notLoaded(id: unknown, known: readonly string[]): PaddockError {
  const name = typeof id === "string" ? quote(id) : `of the type ${typeof id}`;
  return new PaddockError("PLUGIN_NOT_FOUND", `Plugin ${name} is not loaded.`, {
    hint: known.length === 0 ? "Load it with host.load(folder)." : `Loaded are: ${known.join(", ")}.`,
  });
}
