import type { KillReason } from "../isolation/isolation.js";
import type { Call } from "./call.js";
import { stoodStill, unanswered } from "./call-errors.js";
import type { Deadlines } from "./deadlines.js";
import { Pauses } from "./pauses.js";
import type { LoadedPlugin } from "./plugin.js";

/** How long a cancelled call may take to answer before its guest is ended. */
export const CANCEL_GRACE_MS = 500;

export interface CallLimitsOptions {
  readonly plugin: LoadedPlugin;
  readonly deadlines: Deadlines;
  /** Whether the guest has the call. */
  readonly isSent: (call: Call) => boolean;
  /** Tells the guest that nobody waits for the call any more. */
  readonly cancel: (call: Call) => void;
  /** A call used up the operator's limit and does not heed its cancel. */
  readonly onStuck: (reason: KillReason) => void;
}

/** The two limits of each call of one guest: the caller's deadline ends the wait, the operator's ends the guest. */
export class CallLimits {
  readonly #options: CallLimitsOptions;
  readonly #deadlines: Deadlines;
  readonly #pauses = new Pauses();
  /** Calls whose limit passed while the guest stood still. */
  readonly #parked = new Set<Call>();
  /** Calls that used up the operator's limit and may still heed their cancel. */
  readonly #overdue = new Set<Call>();
  #guilty: Call | undefined;

  constructor(options: CallLimitsOptions) {
    this.#options = options;
    this.#deadlines = options.deadlines;
  }

  /** The call for which the guest was ended. */
  get guilty(): Call | undefined {
    return this.#guilty;
  }

  /** Whether the guest may be about to end: it has not said anything to a call that used up the operator's limit. */
  get isOverdue(): boolean {
    return this.#overdue.size > 0;
  }

  /** By the caller's deadline, or by the operator's limit when that is sooner. */
  expectAnswer(call: Call): void {
    const { startedAt, request } = call;
    const limitMs = request.action.timeoutMs + this.#pauses.since(startedAt);
    this.#deadlines.add(call, startedAt + Math.min(request.timeoutMs, limitMs));
  }

  /** It is answered. */
  forget(call: Call): void {
    this.#deadlines.remove(call);
    if (this.#parked.size > 0) this.#parked.delete(call);
    if (this.#overdue.size > 0) this.#overdue.delete(call);
  }

  /** No call is left that could ask how long the guest stood still. */
  forgetPauses(): void {
    this.#pauses.forget();
  }

  /** The first time it is the caller's deadline, then the operator's limit. */
  onExpired(call: Call): void {
    const { plugin, isSent, cancel, onStuck } = this.#options;
    const { action, timeoutMs } = call.request;
    if (this.#pauses.isPaused) {
      this.#park(call);
      return;
    }
    const runMs = performance.now() - call.startedAt - this.#pauses.since(call.startedAt);
    if (runMs < action.timeoutMs - 1) {
      call.reject(unanswered(plugin, action, timeoutMs, "timeoutMs"));
      this.onAbandoned(call);
      return;
    }
    call.reject(unanswered(plugin, action, action.timeoutMs, "limits.timeout"));
    // What was not sent yet takes so long by nobody's doing in the guest.
    if (!isSent(call)) return;
    if (runMs < action.timeoutMs + CANCEL_GRACE_MS - 1) {
      cancel(call);
      this.#overdue.add(call);
      this.#expectWithin(call, action.timeoutMs + CANCEL_GRACE_MS);
      return;
    }
    this.#guilty = call;
    onStuck({
      code: "TIMEOUT",
      message: `"${action.name}" did not end within ${action.timeoutMs} ms, nor when it was cancelled`,
    });
  }

  /** Nobody waits for the answer any more; what the guest does with it is still limited by the operator. */
  onAbandoned(call: Call): void {
    if (!this.#options.isSent(call)) return;
    this.#options.cancel(call);
    this.#expectWithin(call, call.request.action.timeoutMs);
  }

  /** The guest stands still: callers may give up meanwhile, but the operator's limits wait. */
  pause(): void {
    this.#pauses.begin(performance.now());
  }

  resume(): void {
    this.#pauses.end(performance.now());
    for (const call of this.#parked) {
      if (call.isSettled) this.onAbandoned(call);
      else this.expectAnswer(call);
    }
    this.#parked.clear();
  }

  close(): void {
    this.#parked.clear();
    this.#overdue.clear();
  }

  /** The caller's time goes on, the operator's limit waits. */
  #park(call: Call): void {
    const { action, timeoutMs } = call.request;
    this.#parked.add(call);
    const callersEnd = call.startedAt + timeoutMs;
    if (performance.now() < callersEnd - 1) this.#deadlines.add(call, callersEnd);
    else call.reject(stoodStill(this.#options.plugin, action, timeoutMs));
  }

  #expectWithin(call: Call, ms: number): void {
    const { startedAt } = call;
    this.#deadlines.add(call, startedAt + ms + this.#pauses.since(startedAt));
  }
}
