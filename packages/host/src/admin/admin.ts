import type { Limits } from "@paddock/contract";
import type { LifecycleFailure, PluginStateName } from "../telemetry/lifecycle-event.js";
import type { Actor } from "./actor.js";
import type { DataListing } from "./data/plugin-data.js";
import type { LogRecord } from "./log-book.js";

/** One living guest, as an operator sees it. */
export interface GuestOverview {
  /** Numbers the guests of one host; never used twice. */
  readonly guest: number;
  readonly tenant: string;
  readonly pid: number;
  readonly condition: string;
  /** Started and checked, and not used yet. */
  readonly isStandby: boolean;
  /** Calls it is working on. */
  readonly calls: number;
  /** Calls it has answered. */
  readonly served: number;
  readonly upMs: number;
  readonly sample: UsageSample | undefined;
}

/** What a guest used at one moment. `undefined` is what cannot be known on this machine. */
export interface UsageSample {
  readonly memoryBytes: number | undefined;
  /** Processors that it kept busy since the sample before. */
  readonly cpuCores: number | undefined;
  readonly cpuMs: number | undefined;
  readonly diskBytes: number | undefined;
  readonly scratchBytes: number | undefined;
  readonly files: number | undefined;
  readonly threads: number | undefined;
}

/** Where a plugin stands. */
export interface PluginStanding {
  readonly state: PluginStateName;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Why it is backing off or in quarantine; else why a guest failed last, if one did. */
  readonly failure: LifecycleFailure | undefined;
  /** Until the next guest may be started; only while it is backing off. */
  readonly retryAfterMs: number | undefined;
  /** Guests that failed since the plugin was loaded. */
  readonly failures: number;
  /** Calls that wait for a guest. */
  readonly waiting: number;
  readonly guests: readonly GuestOverview[];
}

/** One loaded plugin, as an operator sees it. */
export interface PluginOverview extends PluginStanding {
  readonly id: string;
  readonly version: string;
  /** Hostile text. */
  readonly title: string;
  readonly digest: string;
  /** Where it was loaded from. */
  readonly folder: string;
  readonly actions: readonly string[];
  readonly limits: Limits;
}

export interface LogOptions {
  /** Of one plugin; of all when not given. */
  readonly plugin?: string | undefined;
  /** Lines of the past to begin with, at most; 100 when not given. */
  readonly last?: number | undefined;
  /** Goes on with what is logged from now on, until the signal aborts. */
  readonly follow?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DataOptions {
  /** Whose data; "main" when not given. */
  readonly tenant?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Everything an operator does. The first argument is who asks: without one, every method rejects with
 * USAGE_INVALID. A plugin that is not loaded is PLUGIN_NOT_FOUND.
 */
export interface Admin {
  list(actor: Actor): Promise<readonly PluginOverview[]>;
  get(actor: Actor, plugin: string): Promise<PluginOverview>;
  /** Loads the plugin in a folder of the host's machine. */
  load(actor: Actor, folder: string): Promise<PluginOverview>;
  /** Loads it again from its folder; when that fails, the version that runs goes on. */
  reload(actor: Actor, plugin: string): Promise<PluginOverview>;
  unload(actor: Actor, plugin: string, options?: { readonly force?: boolean | undefined }): Promise<void>;
  /** Freezes its guests; calls are refused until `resume`. */
  suspend(actor: Actor, plugin: string): Promise<PluginOverview>;
  resume(actor: Actor, plugin: string): Promise<PluginOverview>;
  /** Ends its guests once their calls are done, and starts new ones. */
  restart(actor: Actor, plugin: string): Promise<PluginOverview>;
  /** Lets a plugin out of quarantine. */
  release(actor: Actor, plugin: string): Promise<PluginOverview>;
  /** Lines that plugins logged: escaped, but a plugin's words. */
  logs(actor: Actor, options?: LogOptions): AsyncIterable<LogRecord>;
  readonly data: {
    /** What a plugin keeps for a tenant. */
    show(actor: Actor, plugin: string, options?: DataOptions): Promise<DataListing>;
    /** All of it as a tar archive; links are left out. */
    export(actor: Actor, plugin: string, options?: DataOptions): AsyncIterable<Uint8Array>;
    /** Erases all of it, after the guests that use it were ended. */
    clear(actor: Actor, plugin: string, options?: DataOptions): Promise<{ readonly entries: number }>;
  };
}
