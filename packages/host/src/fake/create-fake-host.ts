import { type Manifest, PaddockError, presetLimits } from "@paddock/contract";
import type { Host, PluginInfo } from "../host-interface.js";
import { readCallOptions } from "../pipeline/call-options.js";
import { checkImplements, readPoints } from "../points/check-implements.js";
import type { Point } from "../points/point.js";
import { createPointCalls } from "../points/point-calls.js";
import { EventStream } from "../telemetry/event-stream.js";
import type { LifecycleEvent } from "../telemetry/lifecycle-event.js";
import { createFakeCalls, type RecordedCall } from "./fake-calls.js";
import { createFakeEvents } from "./fake-events.js";
import { type FakePlugin, type LoadedFake, loadFake } from "./fake-plugin.js";
import { notThere, quoted } from "./not-there.js";
import { warnOnce } from "./warn-once.js";

export interface FakeHostOptions {
  /** By id. */
  readonly plugins?: Readonly<Record<string, FakePlugin>>;
  /** As of a real host: fakes that claim one of them and lack its action are refused. */
  readonly points?: readonly Point[];
}

/** A host for an application's own tests, on every operating system. It has no walls, and says so. */
export interface FakeHost extends Host {
  readonly isFake: true;
  /** What the application has called so far, in order. */
  readonly calls: readonly RecordedCall[];
  /** Has readers of `events()` meet something that a fake does not do by itself: a crash, a quarantine, … */
  emit(event: LifecycleEvent): void;
}

/** What a fake host does itself; everything else of a host rejects with UNSUPPORTED_PLATFORM. */
type Faked =
  | "call"
  | "batch"
  | "point"
  | "publish"
  | "subscribe"
  | "events"
  | "plugins"
  | "start"
  | "unload"
  | "posture"
  | "diagnose"
  | "close";

/**
 * A host whose plugins are functions of a test. Options, payloads and failures are those of a real host; there are no
 * walls, no limits and no schemas of plugins. Throws USAGE_INVALID, MANIFEST_INVALID or PLUGIN_MISMATCH.
 */
export function createFakeHost({ plugins: written = {}, points }: FakeHostOptions = {}): FakeHost {
  const known = readPoints(points);
  const plugins = new Map<string, LoadedFake>();
  for (const [id, plugin] of Object.entries(written)) {
    const loaded = loadFake(id, plugin);
    checkImplements(loaded.manifest, known);
    plugins.set(id, loaded);
  }
  warnOnce();
  const events = createFakeEvents(plugins);
  const lifecycle = new EventStream();
  let isClosed = false;

  const assertOpen = () => {
    if (isClosed) throw new PaddockError("HOST_CLOSED", "The host is closed.");
  };

  const find = (id: string): LoadedFake => {
    assertOpen();
    const plugin = plugins.get(id);
    if (plugin !== undefined) return plugin;
    throw notThere("PLUGIN_NOT_FOUND", `Plugin ${quoted(id)} is not loaded.`, "Loaded are", [
      ...plugins.keys(),
    ]);
  };
  const { call, batch, calls } = createFakeCalls(find, events);

  const fake: Pick<Host, Faked> & Omit<FakeHost, keyof Host> & AsyncDisposable = {
    isFake: true,
    calls,
    call,
    batch,
    publish: async (topic, payload, { tenant = "main" } = {}) => {
      assertOpen();
      await events.publish(payload, { topic, tenant: readCallOptions({ tenant }).tenant, from: undefined });
    },
    subscribe: (topics, listener, options) => {
      assertOpen();
      return events.subscribers.subscribe(topics, listener, options);
    },
    events: (filter) => lifecycle.read(filter),
    emit: (event) => lifecycle.publish(event),
    point: (point) => createPointCalls(point, fake),
    plugins: () => [...plugins.values()].map(({ manifest }) => describe(manifest)),
    start: async (id, tenant = "main") => {
      find(id);
      readCallOptions({ tenant });
    },
    unload: async (id) => {
      find(id);
      plugins.delete(id);
    },
    posture: async (id) => {
      find(id);
      return [];
    },
    diagnose: async () => [],
    close: async () => {
      isClosed = true;
      events.subscribers.close();
      lifecycle.close();
    },
    [Symbol.asyncDispose]: () => fake.close(),
  };
  // Safe: what is not in `fake` is answered by the proxy, with a refusal.
  return new Proxy(fake, { get: (target, name) => Reflect.get(target, name) ?? refusal(name) }) as FakeHost;
}

/** In place of what only a real host can do. Its members refuse as well: `host.admin.suspend(…)`. */
function refusal(name: PropertyKey): unknown {
  // Whoever awaits the host looks for "then", and printers look for symbols.
  if (typeof name === "symbol" || name === "then" || name === "toJSON") return undefined;
  const refuse = async () => {
    throw new PaddockError("UNSUPPORTED_PLATFORM", `A fake host cannot do "${String(name)}".`, {
      hint: "Use createHost() for this test.",
    });
  };
  return new Proxy(refuse, { get: (_, member) => refusal(member) });
}

function describe(manifest: Manifest): PluginInfo {
  const { id, version, title } = manifest;
  return {
    id,
    version,
    title,
    digest: "fake",
    manifest,
    limits: presetLimits("production"),
    permissions: {},
  };
}
