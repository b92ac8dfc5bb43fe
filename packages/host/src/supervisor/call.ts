import { PaddockError } from "@paddock/contract";
import type { Reply, ReplyTarget } from "./connection.js";
import type { Deadline } from "./deadlines.js";
import type { LoadedAction } from "./plugin.js";

/** What a caller asks of the supervisor. */
export interface CallRequest {
  readonly action: LoadedAction;
  readonly tenant: string;
  readonly traceparent: string;
  /** How long the caller will wait, milliseconds, starting included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Calls with the same key may meet in one guest. */
  readonly shareKey: string;
}

/** Who has the call: the queue of a starting guest, then the guest. */
export interface CallOwner {
  onReply(call: Call, reply: Reply): void;
  /** A deadline has passed: the caller's, or later the operator's. */
  onExpired(call: Call): void;
  /** The caller gave up. */
  onAbandoned(call: Call): void;
}

/**
 * One call of a caller: settles exactly once, whatever the guest does. The deadline is the caller's until the
 * caller has its answer; then, while the guest still works on it, the operator's.
 */
export class Call implements Deadline, ReplyTarget {
  readonly request: CallRequest;
  /** Payload as JSON: it was measured and checked before it came here. */
  readonly payload: string;
  readonly promise: Promise<unknown>;
  readonly startedAt = performance.now();
  /** Who is to be told when a deadline passes or the caller gives up. */
  owner: CallOwner | undefined;
  /** Id on the wire, once sent. */
  id = 0;
  isSettled = false;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;
  #onAbort: (() => void) | undefined;

  expiresAt = 0;
  previous: Deadline | undefined = undefined;
  next: Deadline | undefined = undefined;
  slot = -1;

  constructor(request: CallRequest, payload: string) {
    this.request = request;
    this.payload = payload;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal } = request;
    if (signal !== undefined) {
      this.#onAbort = () => this.#abort();
      signal.addEventListener("abort", this.#onAbort, { once: true });
    }
  }

  onExpired(): void {
    this.owner?.onExpired(this);
  }

  onReply(reply: Reply): void {
    this.owner?.onReply(this, reply);
  }

  resolve(value: unknown): void {
    if (this.#settle()) this.#resolve(value);
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#reject(error);
  }

  #settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    if (this.#onAbort !== undefined) this.request.signal?.removeEventListener("abort", this.#onAbort);
    return true;
  }

  #abort(): void {
    const { action, signal } = this.request;
    this.reject(
      new PaddockError("CANCELLED", `Call of "${action.name}" was cancelled by its caller.`, {
        cause: signal?.reason,
      }),
    );
    this.owner?.onAbandoned(this);
  }
}
