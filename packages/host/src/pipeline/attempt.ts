import { isPaddockError, PaddockError, toPaddockError } from "@paddock/contract";
import type { ChainLink } from "../permissions/call-chain.js";
import type { InputFiles } from "../streams/input-files.js";
import type { LoadedAction, LoadedPlugin } from "../supervisor/plugin.js";
import type { EncodedPayload } from "./encode-payload.js";
import { type Handler, type PipelineCall, type Progress, remainingMs } from "./pipeline.js";

/** A guest that had this part of the operator's time and did not answer was too slow, whoever ended the wait. */
const FAIR_PART = 0.9;

/** Gives a call to a guest, once. */
export type RunAttempt = (plugin: LoadedPlugin, attempt: Attempt, json: string) => Promise<unknown>;

/** One attempt at a call: what the supervisor is asked, and what the guest's own requests are done for. */
export class Attempt {
  readonly call: PipelineCall;
  readonly action: LoadedAction;
  readonly tenant: string;
  readonly caller: string | undefined;
  readonly chain: readonly ChainLink[];
  readonly shareKey: string;
  readonly traceparent: string;
  /** What is left of the total deadline, whole milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /** What travels beside the payload. */
  readonly attachments: EncodedPayload["attachments"];
  /** Of the payload and what travels beside it, where that is known. */
  readonly outboundBytes: number;
  readonly files: InputFiles | undefined;
  /** For answers that are too large to be looked at here. */
  readonly outputSchema: unknown;
  /** Process id of the guest that has it. */
  guestPid: number | undefined;
  #isOver = false;
  #ended: AbortController | undefined;

  constructor(call: PipelineCall, timeoutMs: number) {
    this.call = call;
    this.action = call.action;
    this.tenant = call.tenant;
    this.caller = call.caller;
    this.chain = call.chain;
    this.shareKey = call.shareKey;
    this.traceparent = call.traceparent;
    this.timeoutMs = timeoutMs;
    this.signal = call.signal;
    this.onProgress = call.onProgress;
    this.attachments = call.encoded?.attachments;
    this.outboundBytes = call.encoded?.heldBytes ?? 0;
    this.files = call.files;
    this.outputSchema = call.outputSchema;
  }

  /** It has been answered with all its streams, given up or taken from its guest. */
  onOver(): void {
    this.#isOver = true;
    this.#ended?.abort();
  }

  /** Aborts when it is over: what was done for it is to end, too. */
  get ended(): AbortSignal {
    if (this.#ended === undefined) {
      this.#ended = new AbortController();
      if (this.#isOver) this.#ended.abort();
    }
    return this.#ended.signal;
  }
}

/** The last step: one attempt, within what is left of the total deadline and within the action's own. */
export function attempt(run: RunAttempt): Handler {
  return (call) => {
    // Whoever gave up while it was waiting somewhere is not heard of again.
    if (call.signal?.aborted) return Promise.reject(cancelled(call));
    const leftMs = remainingMs(call);
    if (leftMs <= 0) return Promise.reject(deadlinePassed(call));
    const one = new Attempt(call, Math.ceil(leftMs));
    const startedAt = call.trace === undefined ? 0 : performance.now();
    // Safe: the payload is encoded where it is validated, which no call goes around.
    const json = call.encoded?.json as string;
    // From here on it is the guest's: a refused or a sent call must not hold it as well.
    if (!call.action.isIdempotent) call.encoded = undefined;
    const answer = runSafely(run, one, json);
    call.trace?.attempt(one, startedAt, answer);
    return one.timeoutMs < call.action.timeoutMs * FAIR_PART ? answer.catch(nameDeadline(call)) : answer;
  };
}

/** A mistake of ours further down must reach the stages above as a rejection. */
function runSafely(run: RunAttempt, one: Attempt, json: string): Promise<unknown> {
  try {
    return run(one.call.plugin, one, json);
  } catch (error) {
    return Promise.reject(toPaddockError(error, `run "${one.action.name}"`));
  }
}

/** Whether it was the caller who had no more time: that says nothing about the plugin. */
export function isCallersTimeout(error: PaddockError): boolean {
  return error.code === "TIMEOUT" && error.data.bound === "timeoutMs";
}

function nameDeadline(call: PipelineCall): (error: unknown) => never {
  return (error) => {
    // A millisecond is what timers are wrong by.
    throw isPaddockError(error, "TIMEOUT") && remainingMs(call) <= 1 ? deadlinePassed(call) : error;
  };
}

export function deadlinePassed({ action, plugin, timeoutMs }: PipelineCall): PaddockError {
  const { id } = plugin.manifest;
  return new PaddockError(
    "TIMEOUT",
    `Cannot run "${action.name}" of "${id}": no answer within ${timeoutMs} ms.`,
    {
      hint: "Give it more time with timeoutMs, or make the action shorter.",
      data: { plugin: id, action: action.name, timeoutMs, bound: "timeoutMs" },
    },
  );
}

export function cancelled({ action, signal }: PipelineCall): PaddockError {
  return new PaddockError("CANCELLED", `Call of "${action.name}" was cancelled by its caller.`, {
    cause: signal?.reason,
  });
}
