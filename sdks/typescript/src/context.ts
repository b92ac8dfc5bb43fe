import type { OutputFile } from "./guest/output-file.js";

/** What every function of a plugin may use. */
export interface PluginContext {
  /** Whose data this guest works on. */
  readonly tenant: string;
  /** The plugin's own configuration, deeply frozen. */
  readonly config: unknown;
  /** Effective permissions: capability → parameters, deeply frozen. */
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly log: Log;
  readonly kv: KeyValueStore;
  readonly events: Events;
  readonly plugins: Plugins;
}

/** What an action gets besides its input. Use it while the call lasts: afterwards its requests are refused. */
export interface Context extends PluginContext {
  /** Number of the call, as it stands in the log. */
  readonly call: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting, in milliseconds since 1970; `undefined` when it said nothing. */
  readonly deadline: number | undefined;
  /**
   * Tells the caller how far the call is: `fraction` from 0 to 1, a message of at most 200 characters. Costs little
   * when called often: what comes within a tenth of a second of the last is sent as one. Never throws.
   */
  progress(fraction?: number, message?: string): void;
  readonly files: Files;
}

/** Files that come with a call, and files that its result returns. */
export interface Files {
  /** Input files by name: where each can be read until the call ends. */
  readonly inbox: Readonly<Record<string, string>>;
  /**
   * A place for an output file. Write to its `path`, close it, and return the object, alone or inside the result: the
   * caller gets a copy. `name` is what the caller sees. What is not returned is removed.
   */
  create(name?: string): OutputFile;
}

/** The plugin's log. Fields are JSON; what does not fit into one line of the wire is cut. Never throws. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, unknown>>;

/**
 * The plugin's own memory, one store per tenant (`storage.kv`). Values are JSON. Every method rejects with
 * a PermissionError when the capability is not granted, and with a HostError when the host cannot do it.
 */
export interface KeyValueStore {
  /** The value, or `undefined` when there is none. */
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  /** Resolves also when there was nothing to delete. */
  delete(key: string): Promise<void>;
  /** Keys in order: those with the prefix, after the key `after` (the last one of the page before), at most `limit`. */
  list(options?: KeyListing): Promise<readonly string[]>;
}

export interface KeyListing {
  readonly prefix?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

/** Messages to the application and to other plugins of the same tenant. */
export interface Events {
  /**
   * Publishes under a topic that the manifest's `events.publish` covers; the payload is JSON. Resolves when the host
   * has it, not when anybody has read it.
   */
  publish(topic: string, payload?: unknown): Promise<void>;
}

/** Other plugins, as far as `plugin.call` allows and their manifests name this one under `callers`. */
export interface Plugins {
  /** Calls an action of another plugin, for the same tenant and within the deadline of the call it serves. */
  call(
    plugin: string,
    action: string,
    payload?: unknown,
    options?: { readonly timeoutMs?: number | undefined },
  ): Promise<unknown>;
}
