import { type ErrorCode, isPaddockError } from "@paddock/contract";
import type { Attempt } from "./attempt.js";
import type { Handler, PipelineCall, Stage } from "./pipeline.js";

/** "ok", or the code of the error. */
export type CallOutcome = "ok" | ErrorCode;

/** What became of one call, and where its time went. */
export interface CallTrace {
  /** Of the W3C trace context; 32 hexadecimal digits. */
  readonly traceId: string;
  readonly traceparent: string;
  readonly plugin: string;
  readonly version: string;
  readonly action: string;
  readonly tenant: string;
  readonly caller: string | undefined;
  /** Plugins that led to this call, the first of them first. */
  readonly chain: readonly string[];
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** In order. `ms` is a stage's own time, waiting included, without what comes after it. */
  readonly stages: readonly StageTime[];
  /** Each time a guest was asked. */
  readonly attempts: readonly AttemptTrace[];
  readonly outcome: CallOutcome;
  /** The failure in whose place the caller's fallback answered. */
  readonly fallback: ErrorCode | undefined;
}

export interface StageTime {
  readonly name: string;
  readonly ms: number;
}

export interface AttemptTrace {
  /** Since the call began, milliseconds. */
  readonly startedMs: number;
  readonly durationMs: number;
  /** "pending" when the call was over before the attempt. */
  readonly outcome: CallOutcome | "pending";
  readonly guestPid: number | undefined;
}

interface RunningAttempt {
  readonly attempt: Attempt;
  readonly startedAt: number;
  endedAt: number | undefined;
  outcome: CallOutcome | "pending";
}

/** Collects what happens to one call; only calls that somebody watches have one. */
export class TraceRecorder {
  readonly startedAt = Date.now();
  readonly #beganAt = performance.now();
  readonly #attempts: RunningAttempt[] = [];
  /** By place in the list of stages: time within it and all after it, and since when it has been in it. */
  readonly #spentMs: number[] = [];
  readonly #since: (number | undefined)[] = [];
  #fallback: ErrorCode | undefined;

  get attempts(): number {
    return this.#attempts.length;
  }

  get durationMs(): number {
    return performance.now() - this.#beganAt;
  }

  enter(place: number): void {
    this.#since[place] ??= performance.now();
  }

  leave(place: number): void {
    const since = this.#since[place];
    if (since === undefined) return;
    this.#spentMs[place] = (this.#spentMs[place] ?? 0) + performance.now() - since;
    this.#since[place] = undefined;
  }

  attempt(attempt: Attempt, startedAt: number, answer: Promise<unknown>): void {
    const running: RunningAttempt = { attempt, startedAt, endedAt: undefined, outcome: "pending" };
    this.#attempts.push(running);
    const settle = (outcome: CallOutcome) => {
      running.endedAt = performance.now();
      running.outcome = outcome;
    };
    answer.then(
      () => settle("ok"),
      (error: unknown) => settle(codeOf(error)),
    );
  }

  fallBack(code: ErrorCode): void {
    this.#fallback = code;
  }

  /** The call is over. */
  finish(call: PipelineCall, names: readonly string[], outcome: CallOutcome): CallTrace {
    const now = performance.now();
    for (const place of names.keys()) this.leave(place);
    const total = (place: number) => this.#spentMs[place] ?? 0;
    return {
      traceId: call.traceparent.slice(3, 35),
      traceparent: call.traceparent,
      plugin: call.plugin.manifest.id,
      version: call.plugin.manifest.version,
      action: call.action.name,
      tenant: call.tenant,
      caller: call.caller,
      chain: call.chain.map(({ id }) => id),
      startedAt: this.startedAt,
      durationMs: now - this.#beganAt,
      stages: names.map((name, place) => ({ name, ms: Math.max(0, total(place) - total(place + 1)) })),
      attempts: this.#attempts.map(({ attempt, startedAt, endedAt = now, outcome: state }) => ({
        startedMs: startedAt - this.#beganAt,
        durationMs: endedAt - startedAt,
        outcome: state,
        guestPid: attempt.guestPid,
      })),
      outcome,
      fallback: this.#fallback,
    };
  }
}

/** Times what is at `place` in the list of stages. */
export function timed(place: number, handler: Handler): Handler {
  return (call) => {
    call.trace?.enter(place);
    const leave = () => call.trace?.leave(place);
    const answer = handler(call);
    answer.then(leave, leave);
    return answer;
  };
}

/** A stage that is timed, or only passes on. */
export function timedStage(place: number, stage: Stage | undefined): Stage {
  return (next) => timed(place, stage === undefined ? next : stage(next));
}

export function codeOf(error: unknown): ErrorCode {
  return isPaddockError(error) ? error.code : "INTERNAL";
}
