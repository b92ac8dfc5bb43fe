import type { CallOptions } from "../pipeline/call-options.js";
import type { GuestSamples, PluginStatus } from "../supervisor/plugin-status.js";
import type { Actor } from "./actor.js";
import type { DataListing } from "./data/plugin-data.js";
import type { LogRecord } from "./log-book.js";

/** One loaded plugin, as an operator sees it. */
export interface PluginOverview extends PluginStatus {
  /** Hostile text. */
  readonly title: string;
  readonly digest: string;
  /** Where it was loaded from. */
  readonly folder: string;
  readonly actions: readonly string[];
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
  /** Calls an action as `host.call` does; who asks is the caller, unless the options name another. */
  call(
    actor: Actor,
    plugin: string,
    action: string,
    payload?: unknown,
    options?: CallOptions,
  ): Promise<unknown>;
  /** What each of its guests used, second by second, for the last two minutes. */
  samples(actor: Actor, plugin: string): Promise<readonly GuestSamples[]>;
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
