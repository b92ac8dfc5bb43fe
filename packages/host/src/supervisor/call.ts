import { type Detached, type OutgoingValue, PaddockError, type Success } from "@paddock/contract";
import type { ChainLink } from "../permissions/call-chain.js";
import type { CallStreams } from "../streams/call-streams.js";
import type { InputFiles } from "../streams/input-files.js";
import type { Reply, ReplyTarget } from "./connection.js";
import type { Deadline } from "./deadlines.js";
import type { LoadedAction } from "./plugin.js";

/** How far a plugin says that it is with a call. */
export interface Progress {
  /** 0 to 1. */
  readonly fraction?: number;
  /** Hostile text, bounded, with control characters escaped. */
  readonly message?: string;
}

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
  /** The plugins that led to the call, the first of them first. */
  readonly chain?: readonly ChainLink[] | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** The call is over: answered with all its streams, given up, or taken from its guest. */
  readonly onOver?: () => void;
  /** Bytes that the payload keeps in memory, with what travels beside it. */
  readonly outboundBytes?: number | undefined;
  /** What travels beside the payload. */
  readonly attachments?: readonly Detached<OutgoingValue>[] | undefined;
  readonly files?: InputFiles | undefined;
  /** The action's output schema as JSON, for answers that are too large to be looked at here. */
  readonly outputSchema?: unknown;
  /** Process id of the guest that was given it last; for traces. */
  guestPid?: number | undefined;
}

/** Who has the call: the queue of a starting guest, then the guest. */
export interface CallOwner {
  onReply(call: Call, reply: Reply): void;
  /** The answer has values beside it; returns what is wrong with them. */
  onAttached?(call: Call, reply: Success): string | undefined;
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
  promise: Promise<unknown>;
  readonly startedAt = performance.now();
  /** Who is to be told when a deadline passes or the caller gives up. */
  owner: CallOwner | undefined;
  /** Id on the wire, once sent. */
  id = 0;
  isSettled = false;
  /** Whether the plugin has answered, and what travels beside the answer still flows. */
  isAnswered = false;
  /** Of the payload and of the answer. */
  streams: CallStreams | undefined;
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

  onAttached(reply: Success): string | undefined {
    return this.owner?.onAttached?.(this, reply);
  }

  /** Gives the caller its answer; the call goes on until `finish`, or until somebody rejects it. */
  give(value: unknown): void {
    this.#resolve(value);
    // While the streams flow the call is kept, and must not keep them: a caller may forget them.
    this.promise = GIVEN;
    this.#resolve = IGNORE;
    this.#reject = IGNORE;
  }

  /** Its streams are closed. */
  finish(): void {
    this.#settle();
  }

  resolve(value: unknown): void {
    if (this.#settle()) this.#resolve(value);
  }

  reject(error: unknown): void {
    if (!this.#settle()) return;
    this.#reject(error);
    this.streams?.fail(error);
  }

  #settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.request.onOver?.();
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

const GIVEN: Promise<unknown> = Promise.resolve();
const IGNORE = () => undefined;
