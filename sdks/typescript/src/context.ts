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
}

/** What an action gets besides its input. Use it while the call lasts: afterwards its requests are refused. */
export interface Context extends PluginContext {
  /** Number of the call, as it stands in the log. */
  readonly call: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting, in milliseconds since 1970; `undefined` when it said nothing. */
  readonly deadline: number | undefined;
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
  /** Keys in order, those with the prefix only, `limit` at most. */
  list(options?: { readonly prefix?: string; readonly limit?: number }): Promise<readonly string[]>;
}
