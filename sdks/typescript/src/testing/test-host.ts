import type { ErrorCode, LogLevel, PaddockError } from "@paddock/contract";

/**
 * Runs one plugin for its author's tests: in memory, or behind the walls of a real host. Both answer, fail and
 * record alike; every method rejects with a PaddockError.
 */
export interface TestHost extends AsyncDisposable {
  /** Calls an action; resolves with its answer. */
  call(action: string, payload?: unknown, options?: TestCallOptions): Promise<unknown>;
  /**
   * Gives the plugin an event. In memory it resolves when the handler is done, and rejects with what it threw; behind
   * walls it resolves when the event is on its way to a running guest.
   */
  publish(topic: string, payload?: unknown, options?: TestEventOptions): Promise<void>;
  /** Makes the next request of this kind fail in the plugin, with a HostError of that code. In memory only. */
  failNext(method: string, code: ErrorCode, message?: string): void;
  /** Everything so far, oldest first. */
  readonly recorded: Recorded;
  /** Runs the plugin's `shutdown`, and leaves nothing behind. May be called twice. */
  close(): Promise<void>;
}

export interface TestCallOptions {
  /** "main" when not given. Each tenant has its own guest and its own `kv`. */
  readonly tenant?: string | undefined;
  /** Past it the call is cancelled and rejects with TIMEOUT. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Files for the plugin, by name: paths, or what is in them. It sees copies, under `ctx.files.inbox`. */
  readonly files?: Readonly<Record<string, string | Uint8Array>> | undefined;
}

export interface TestEventOptions {
  readonly tenant?: string | undefined;
  /** The plugin that is said to have published it; nobody for the application. In memory only. */
  readonly from?: string | undefined;
}

/** What a plugin did, as far as a host sees it. */
export interface Recorded {
  readonly calls: readonly RecordedCall[];
  readonly logs: readonly RecordedLog[];
  /** What it asked its host for. */
  readonly requests: readonly RecordedRequest[];
  readonly progress: readonly RecordedProgress[];
  /** What it published. */
  readonly events: readonly RecordedEvent[];
}

export interface RecordedCall {
  readonly action: string;
  readonly payload: unknown;
  readonly tenant: string;
  readonly outcome:
    | { readonly kind: "pending" }
    | { readonly kind: "success"; readonly value: unknown }
    | { readonly kind: "failure"; readonly error: PaddockError };
}

export interface RecordedLog {
  readonly tenant: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface RecordedRequest {
  readonly tenant: string;
  /** `kv.set`; `undefined` for one that no host knows. */
  readonly method: string | undefined;
  /** `storage.kv` */
  readonly capability: string | undefined;
  /** What it said; `undefined` behind walls, where it is not told. */
  readonly params: Readonly<Record<string, unknown>> | undefined;
  /** `"allowed"`, or the code of the refusal or failure. */
  readonly outcome: "allowed" | ErrorCode;
}

export interface RecordedProgress {
  readonly tenant: string;
  readonly fraction: number | undefined;
  readonly message: string | undefined;
}

export interface RecordedEvent {
  readonly tenant: string;
  readonly topic: string;
  readonly payload: unknown;
}
