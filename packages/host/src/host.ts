import { join } from "node:path";
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
import { checkEngine } from "./dependencies/check-engine.js";
import { loadInOrder } from "./dependencies/load-in-order.js";
import { startOrder } from "./dependencies/start-order.js";
import { sweepDrafts } from "./drafts.js";
import type { Host, HostOptions, PluginInfo } from "./host-interface.js";
import type { Isolation } from "./isolation/isolation.js";
import { createProcessIsolation } from "./isolation/process/process.js";
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
import { PluginShelf } from "./plugin-shelf.js";
import { checkImplements, readPoints } from "./points/check-implements.js";
import type { Point } from "./points/point.js";
import { createPointCalls } from "./points/point-calls.js";
import { readSafely } from "./read-safely.js";
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

/** A host in this process. Rejects with CONFIG_INVALID, HOME_IN_USE, UNSUPPORTED_PLATFORM or SETUP_FAILED. */
export async function createHost(options: HostOptions = {}): Promise<Host> {
  const given = readSafely("host's options", () => ({ ...options }), "CONFIG_INVALID");
  const { onLog = () => undefined, onDecision, points, stages, onTrace, telemetry, ...written } = given;
  // The application's part first: what is wrong with it is wrong with or without a home.
  const own: ApplicationPart = {
    onLog,
    onDecision,
    onTrace,
    points: readPoints(points),
    stages: readOwnStages(stages),
    telemetry: readTelemetryOptions(telemetry),
  };
  const config = resolveConfig(written);
  await makeHome(config.home);
  const lock = await lockHome(config.home);
  const rooms = await openRooms(config).catch(async (error: unknown) => {
    await lock.release();
    throw error;
  });
  return assemble(config, lock, rooms, own);
}

/** What the application brings, read and checked. */
interface ApplicationPart {
  readonly onLog: (log: GuestLog) => void;
  readonly onDecision: HostOptions["onDecision"];
  readonly onTrace: HostOptions["onTrace"];
  readonly points: ReadonlyMap<string, Point>;
  readonly stages: readonly OwnStage[];
  readonly telemetry: ReturnType<typeof readTelemetryOptions>;
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
  own: ApplicationPart,
): Host {
  const store = createSqliteStore(join(config.home, "store"));
  const reach = { isBound: isolation.reachesPrivateDirectories, cacheDirectory: join(config.home, "cache") };
  const { node: nodePath, python: pythonPath, guards } = config.interpreter;
  const node = createNodeRuntime({ path: nodePath, guards, ...reach });
  const python = createPythonRuntime({ path: pythonPath, ...reach });
  const tools = { node: () => node.tool([]), python: python.tool };
  const runtimes = [node, python, createProgramRuntime({ tools, ...reach })];
  const telemetry = createTelemetry(own.telemetry, () =>
    shelf.all().map((plugin) => gaugesOf(plugin, supervisor.status(plugin), pipeline.queued(plugin))),
  );
  const bus = createEventBus({
    plugins: () => shelf.all().values(),
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
          { plugin: shelf.find(target.plugin), action: target.action, payload: target.payload, over },
          target.timeoutMs,
        ),
      ),
    ],
    onDecision: (record) => {
      telemetry.onDecision(record);
      own.onDecision?.(record);
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
        own.onLog(log);
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
    ownStages: own.stages,
    onTrace: own.onTrace,
    onCall: telemetry.onCall,
  });
  const version = readPaddockVersion();
  const shelf = new PluginShelf({
    prepare: async (folder) => {
      const plugin = await loadPlugin(folder, { config, isolation, bundles, node, runtimes });
      checkEngine(plugin.manifest, version);
      checkImplements(plugin.manifest, own.points);
      await checkPluginConfig(plugin.manifest, plugin.config, plugin.directory);
      return { plugin, schemas: await compilePluginSchemas(plugin.manifest, plugin.directory) };
    },
    supervisor,
    pipeline,
  });
  let closing: Promise<void> | undefined;

  const host: Host = {
    load: async (folder, options) => describe(await shelf.load(folder, options)),
    loadAll: (folders) =>
      loadInOrder(
        folders,
        () => shelf.dependents(),
        (folder) => host.load(folder, { force: true }),
      ),
    start: async (id, written = "main") => {
      shelf.find(id);
      const { tenant } = readCallOptions({ tenant: written });
      for (const one of startOrder(id, shelf.dependents())) await supervisor.start(shelf.find(one), tenant);
    },
    // Not async, and no promise but the call's own: this is the path that every call takes.
    call: (id, action, payload, options) => {
      try {
        return pipeline.call(shelf.find(id), action, payload, options);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    batch: (id, action, payloads, options) => pipeline.batch(() => shelf.find(id), action, payloads, options),
    point: (point) => createPointCalls(point, host),
    publish: async (topic, payload, options) => {
      shelf.assertOpen();
      const tenant = readSafely("options", () => options?.tenant);
      bus.publish(topic, payload, readCallOptions({ tenant }).tenant);
    },
    subscribe: (topics, listener, options) => {
      shelf.assertOpen();
      const tenant = readSafely("options", () => options?.tenant);
      // Who names what cannot be a tenant would wait for ever.
      readCallOptions({ tenant });
      return bus.subscribers.subscribe(topics, listener, { tenant });
    },
    events: (filter) => telemetry.events(filter),
    metrics: () => telemetry.metrics(),
    unload: (id, options) => shelf.unload(id, options),
    plugins: () => shelf.all().map(describe),
    posture: async (id) => supervisor.report(shelf.find(id)),
    diagnose: () => isolation.diagnose(),
    admin: createAdmin({
      plugins: () => shelf.all(),
      find: (id) => shelf.find(id),
      folderOf: (plugin) => shelf.folderOf(plugin),
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
      shelf.close();
      closing ??= (async () => {
        logs.close();
        pipeline.close();
        await supervisor.close();
        await json.close();
        await fileRoom.close();
        await shelf.drained();
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
