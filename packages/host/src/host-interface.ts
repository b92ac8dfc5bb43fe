import type { Manifest, PaddockConfig } from "@paddock/contract";
import type { Admin } from "./admin/admin.js";
import type { DecisionRecord } from "./capabilities/decision-record.js";
import type { EventListener, SubscribeOptions, Subscription } from "./capabilities/event-subscribers.js";
import type { Mechanism } from "./isolation/isolation.js";
import type { BatchResult } from "./pipeline/batch.js";
import type { CallOptions } from "./pipeline/call-options.js";
import type { OwnStage } from "./pipeline/own-stage.js";
import type { CallTrace } from "./pipeline/trace.js";
import type { Point } from "./points/point.js";
import type { PointCalls } from "./points/point-calls.js";
import type { GuestLog } from "./supervisor/guest-log.js";
import type { LoadedPlugin } from "./supervisor/plugin.js";
import type { GuestReport } from "./supervisor/supervisor.js";
import type { EventFilter, LifecycleEvents } from "./telemetry/event-stream.js";
import type { MetricsSnapshot } from "./telemetry/metrics-snapshot.js";
import type { TelemetryOptions } from "./telemetry/telemetry-port.js";

export interface HostOptions extends PaddockConfig {
  /** Called with every line that a plugin logs: bounded, rate limited, escaped. Must not throw. */
  readonly onLog?: (log: GuestLog) => void;
  /** Called with every decision about a guest's request. Must be quick. */
  readonly onDecision?: (record: DecisionRecord) => void;
  /** The application's extension points: plugins that claim one of them and cannot do it are not loaded. */
  readonly points?: readonly Point[];
  /** Stages of the application's own, among those that every call goes through. */
  readonly stages?: readonly OwnStage[];
  /** Called for every call when it is over, with where its time went. Must be quick. */
  readonly onTrace?: ((trace: CallTrace) => void) | undefined;
  /**
   * Counts every call, for `metrics()`; with a tracer and a meter of `@opentelemetry/api` the host also tells these.
   * Calls are not counted when it is not given, and cost nothing then.
   */
  readonly telemetry?: true | TelemetryOptions | undefined;
}

/** How a plugin is loaded or unloaded. */
export interface LoadOptions {
  /** Also when that takes away from another plugin what it depends on. */
  readonly force?: boolean | undefined;
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
  /** What it may do: effective permissions, capability → parameters. */
  readonly permissions: LoadedPlugin["permissions"];
}

/** Runs plugins. Every method rejects with a PaddockError and nothing else. */
export interface Host extends AsyncDisposable {
  /**
   * Snapshots, bundles and checks the plugin in a folder. None of its code runs yet, unless guests are to be kept ready.
   * A plugin that is loaded already is replaced: the new version is started and has to pass its first health check
   * before calls go to it; when it does not, the old one goes on, and this rejects with the reason.
   */
  load(folder: string, options?: LoadOptions): Promise<PluginInfo>;
  /** Loads several, each after what it depends on; answers in the order of the folders. */
  loadAll(folders: readonly string[]): Promise<readonly PluginInfo[]>;
  /** Starts the guest of a tenant (default "main") before the first call needs it, after those it depends on. */
  start(plugin: string, tenant?: string): Promise<void>;
  /** Calls an action; resolves with its answer. */
  call(plugin: string, action: string, payload?: unknown, options?: CallOptions): Promise<unknown>;
  /**
   * Calls an action once for each payload, several at a time; resolves with a result or an error for each, in order.
   * Options hold for every item, the deadline for all of them together.
   */
  batch(
    plugin: string,
    action: string,
    payloads: readonly unknown[],
    options?: CallOptions,
  ): Promise<readonly BatchResult[]>;
  /** Asks the plugins that implement an extension point. */
  point<Input, Output>(point: Point<Input, Output>): PointCalls<Input, Output>;
  /**
   * Lets the calls in flight end, ends the guests and forgets the plugin. Its data stays. Rejects with
   * DEPENDENCY_UNMET while another plugin depends on it.
   */
  unload(plugin: string, options?: LoadOptions): Promise<void>;
  plugins(): readonly PluginInfo[];
  /**
   * Publishes an event of the application to subscribers and running guests of a tenant (default "main"). The payload is
   * JSON. Resolves when it is in their queues.
   */
  publish(
    topic: string,
    payload?: unknown,
    options?: { readonly tenant?: string | undefined },
  ): Promise<void>;
  /**
   * Events of plugins and of the application from now on, by topic (`orders.paid`, `orders.*`): to a listener, or for the
   * caller to iterate. Of every tenant, unless one is named. `return()` ends it. Throws USAGE_INVALID or OVERLOADED.
   */
  subscribe(
    topics: string | readonly string[],
    listener?: EventListener,
    options?: SubscribeOptions,
  ): Subscription;
  /** What happens in the lives of plugins from now on. Throws USAGE_INVALID or OVERLOADED. */
  events(filter?: EventFilter): LifecycleEvents;
  /** All metrics at this moment; `formatPrometheus` writes them down. */
  metrics(): MetricsSnapshot;
  /** The walls around the living guests of a plugin, and what these use. */
  posture(plugin: string): Promise<readonly GuestReport[]>;
  /** What an operator does; every method says who asks. */
  readonly admin: Admin;
  /** The mechanisms of this machine. */
  diagnose(): Promise<readonly Mechanism[]>;
  /** Ends every guest and leaves nothing behind. May be called twice. */
  close(): Promise<void>;
}
