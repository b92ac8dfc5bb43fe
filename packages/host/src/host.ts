import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, type PaddockConfig, PaddockError } from "@paddock/contract";
import { createBundleStore } from "./bundle/store.js";
import { createBroker } from "./capabilities/broker.js";
import type { DecisionRecord } from "./capabilities/decision-record.js";
import type { GuestIdentity } from "./capabilities/guest-identity.js";
import { createKeyValueProvider } from "./capabilities/kv.js";
import { type ResolvedConfig, resolveConfig } from "./config/resolve-config.js";
import type { Isolation, Mechanism } from "./isolation/isolation.js";
import { createProcessIsolation } from "./isolation/process/process.js";
import { loadPlugin } from "./loading/load-plugin.js";
import { compileActionSchemas } from "./pipeline/action-schemas.js";
import { type CallOptions, readCallOptions } from "./pipeline/call-options.js";
import { encodePayload } from "./pipeline/encode-payload.js";
import { compose, type Handler } from "./pipeline/pipeline.js";
import { checkPluginConfig } from "./pipeline/plugin-config.js";
import { createTraceparents } from "./pipeline/traceparent.js";
import { type ActionSchemas, validate } from "./pipeline/validate.js";
import { createNodeRuntime } from "./runtimes/node.js";
import { createSqliteStore } from "./store/sqlite.js";
import type { GuestLog } from "./supervisor/guest-log.js";
import type { Guest } from "./supervisor/guest-session.js";
import type { LoadedPlugin } from "./supervisor/plugin.js";
import { type GuestReport, Supervisor } from "./supervisor/supervisor.js";

export interface HostOptions extends PaddockConfig {
  /** Called with every line that a plugin logs: bounded, rate limited, escaped. Must not throw. */
  readonly onLog?: (log: GuestLog) => void;
  /** Called with every decision about a guest's request. Must be quick. */
  readonly onDecision?: (record: DecisionRecord) => void;
}

/** What a host tells about a plugin it has loaded. */
export interface PluginInfo {
  readonly id: string;
  readonly version: string;
  readonly title: string;
  /** Content digest of what runs: the plugin's identity. */
  readonly digest: string;
  readonly manifest: Manifest;
  readonly limits: LoadedPlugin["limits"];
}

/** Runs plugins. Every method rejects with a PaddockError and nothing else. */
export interface Host extends AsyncDisposable {
  /** Snapshots, bundles and checks the plugin in a folder. No code of the plugin runs yet. */
  load(folder: string): Promise<PluginInfo>;
  /** Starts the guest of a tenant (default "main") before the first call needs it. */
  start(plugin: string, tenant?: string): Promise<void>;
  /** Calls an action; resolves with its answer. */
  call(plugin: string, action: string, payload?: unknown, options?: CallOptions): Promise<unknown>;
  /** Lets the calls in flight end, ends the guests and forgets the plugin. Its data stays. */
  unload(plugin: string): Promise<void>;
  plugins(): readonly PluginInfo[];
  /** The walls around the living guests of a plugin, and what these use. */
  posture(plugin: string): Promise<readonly GuestReport[]>;
  /** The mechanisms of this machine. */
  diagnose(): Promise<readonly Mechanism[]>;
  /** Ends every guest and leaves nothing behind. May be called twice. */
  close(): Promise<void>;
}

/** A host in this process. Rejects with CONFIG_INVALID, UNSUPPORTED_PLATFORM or SETUP_FAILED. */
export async function createHost(options: HostOptions = {}): Promise<Host> {
  const { onLog = () => undefined, onDecision, ...written } = options;
  const config = resolveConfig(written);
  await makeHome(config.home);
  const isolation = await createProcessIsolation({ home: config.home, uids: config.uids });
  try {
    await assertMechanisms(config, isolation);
    await isolation.sweep();
  } catch (error) {
    await isolation.close();
    throw error;
  }
  return assemble(config, isolation, onLog, onDecision);
}

function assemble(
  config: ResolvedConfig,
  isolation: Isolation,
  onLog: (log: GuestLog) => void,
  onDecision: HostOptions["onDecision"],
): Host {
  const store = createSqliteStore(join(config.home, "store"));
  const bundles = createBundleStore(join(config.home, "bundles"));
  const node = createNodeRuntime({
    path: config.interpreter.node,
    guards: config.interpreter.guards,
    isBound: isolation.reachesPrivateDirectories,
    cacheDirectory: join(config.home, "cache"),
  });
  const broker = createBroker({
    providers: [createKeyValueProvider(store)],
    ...(onDecision === undefined ? {} : { onDecision }),
  });
  const identities = new WeakMap<Guest, GuestIdentity>();
  const supervisor = new Supervisor({
    isolation,
    onLog: (log) => {
      try {
        onLog(log);
      } catch (error) {
        // The application's mistake; it must not look like the plugin's.
        process.emitWarning(`onLog threw: ${String(error)}`, { code: "PADDOCK_ON_LOG" });
      }
    },
    onRequest: (guest, request, live) => {
      const identity = identities.get(guest) ?? identify(guest);
      identities.set(guest, identity);
      return broker.handle(identity, request.method, request.params, live);
    },
  });
  const schemas = new WeakMap<object, ActionSchemas>();
  // The order of a call, outermost first.
  const run: Handler = compose([validate((action) => schemas.get(action))], (call) =>
    supervisor.call(call.plugin, call, encodePayload(call)),
  );
  const nextTraceparent = createTraceparents();
  const plugins = new Map<string, LoadedPlugin>();
  let closing: Promise<void> | undefined;

  const find = (id: string): LoadedPlugin => {
    if (closing !== undefined) throw new PaddockError("HOST_CLOSED", "The host is closed.");
    const plugin = plugins.get(id);
    if (plugin === undefined) throw notLoaded(id, [...plugins.keys()]);
    return plugin;
  };

  const host: Host = {
    load: async (folder) => {
      if (closing !== undefined) throw new PaddockError("HOST_CLOSED", "The host is closed.");
      const loaded = await loadPlugin(folder, { config, isolation, bundles, node });
      await checkPluginConfig(loaded.manifest, loaded.config, loaded.directory);
      for (const action of loaded.actions.values()) {
        const spec = loaded.manifest.actions[action.name];
        if (spec !== undefined) schemas.set(action, await compileActionSchemas(spec, loaded.directory));
      }
      const previous = plugins.get(loaded.manifest.id);
      plugins.set(loaded.manifest.id, loaded);
      if (previous !== undefined) await supervisor.unload(previous);
      return describe(loaded);
    },
    start: async (id, tenant = "main") => supervisor.start(find(id), readCallOptions({ tenant }).tenant),
    // Not async, and no promise but the call's own: this is the path that every call takes.
    call: (id, name, payload, callOptions) => {
      try {
        const plugin = find(id);
        const action = plugin.actions.get(name);
        if (action === undefined) throw noAction(plugin, name);
        const {
          tenant,
          timeoutMs = action.timeoutMs,
          signal,
          traceparent = nextTraceparent(),
        } = readCallOptions(callOptions);
        return run({ plugin, action, payload, tenant, signal, timeoutMs, traceparent });
      } catch (error) {
        return Promise.reject(error);
      }
    },
    unload: async (id) => {
      const plugin = find(id);
      plugins.delete(id);
      await supervisor.unload(plugin);
    },
    plugins: () => [...plugins.values()].map(describe),
    posture: async (id) => supervisor.report(find(id)),
    diagnose: () => isolation.diagnose(),
    close: () => {
      closing ??= (async () => {
        await supervisor.close();
        await isolation.close();
        await broker.close();
        await store.close();
      })();
      return closing;
    },
    [Symbol.asyncDispose]: () => host.close(),
  };
  return host;
}

async function makeHome(home: string): Promise<void> {
  try {
    // Searchable by the plugins' own users, readable by its owner only.
    await mkdir(home, { recursive: true, mode: 0o711 });
  } catch (cause) {
    throw new PaddockError(
      "STORE_FAILED",
      `Cannot use ${home} as the host's home: ${cause instanceof Error ? cause.message : ""}.`,
      {
        hint: "Choose another with the option home.",
        cause,
      },
    );
  }
}

async function assertMechanisms(config: ResolvedConfig, isolation: Isolation): Promise<void> {
  const required = new Set<string>(config.requires);
  const missing = (await isolation.diagnose()).filter(({ name, present }) => !present && required.has(name));
  if (missing.length === 0) return;
  // What fails for one reason is said once.
  const reasons = [...new Set(missing.map(({ found }) => found))];
  const list = reasons
    .map(
      (reason) =>
        `${missing
          .filter(({ found }) => found === reason)
          .map(({ name }) => name)
          .join(", ")} (${reason})`,
    )
    .join("; ");
  throw new PaddockError(
    "SETUP_FAILED",
    `Cannot start: the preset "${config.preset}" requires what this machine lacks: ${list}.`,
    {
      hint: [...new Set(missing.map(({ fix }) => fix))].filter(Boolean).join(" "),
      data: { missing: missing.map(({ name }) => name) },
    },
  );
}

function identify({ plugin, tenant, signal }: Guest): GuestIdentity {
  const { manifest, digest, limits, permissions } = plugin;
  return {
    plugin: { id: manifest.id, version: manifest.version, digest },
    tenant,
    context: { manifest, limits },
    permissions,
    signal,
  };
}

function describe({ manifest, digest, limits }: LoadedPlugin): PluginInfo {
  return { id: manifest.id, version: manifest.version, title: manifest.title, digest, manifest, limits };
}

function notLoaded(id: unknown, known: readonly string[]): PaddockError {
  const name = JSON.stringify(String(id).slice(0, 200));
  return new PaddockError("PLUGIN_NOT_FOUND", `Plugin ${name} is not loaded.`, {
    hint: known.length === 0 ? "Load it with host.load(folder)." : `Loaded are: ${known.join(", ")}.`,
  });
}

function noAction({ manifest, actions }: LoadedPlugin, name: unknown): PaddockError {
  return new PaddockError(
    "ACTION_NOT_FOUND",
    `Plugin "${manifest.id}" has no action ${JSON.stringify(String(name).slice(0, 200))}.`,
    {
      hint: `It has: ${[...actions.keys()].join(", ")}.`,
    },
  );
}
