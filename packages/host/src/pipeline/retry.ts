import { type ErrorCode, isPaddockError, type PaddockError } from "@paddock/contract";
import type { LoadedPlugin } from "../supervisor/plugin.js";
import { cancelled } from "./attempt.js";
import { pause } from "./pause.js";
import { type Handler, type PipelineCall, remainingMs, type Stage } from "./pipeline.js";

/** Failures after which another attempt may succeed: the guest is gone, or was too slow. */
export const RETRIED_CODES: ReadonlySet<ErrorCode> = new Set([
  "CRASHED",
  "TIMEOUT",
  "UNRESPONSIVE",
  "GUEST_RECYCLED",
]);

/** How often one call waits for a plugin that is being started again. */
const MAX_WAITS = 3;

/**
 * Tries again, for actions that say they may be: after growing pauses with jitter, as often as the operator allows,
 * and inside the total deadline. A call that was innocent of its guest's end is given to another one once in any case,
 * and that does not count.
 */
export function retry({ settings }: LoadedPlugin, closing: AbortSignal): Stage {
  const { attempts, backoffMs } = settings.retry;
  return (next) => (call) => {
    const isReplayable = call.encoded?.isReplayable !== false && call.files?.isReplayable !== false;
    if (!call.action.isIdempotent || !isReplayable) return next(call);
    return next(call).catch((error: unknown) => {
      if (!isRetried(error)) throw error;
      return again(next, call, error);
    });
  };

  async function again(next: Handler, call: PipelineCall, first: PaddockError): Promise<unknown> {
    let error = first;
    let made = 1;
    let isForgiven = false;
    for (;;) {
      if (error.code === "GUEST_RECYCLED" && !isForgiven) {
        isForgiven = true;
      } else {
        if (made >= attempts) throw error;
        // Jitter, so that calls that failed together do not come back together.
        const waitMs = backoffMs * 2 ** (made - 1) * (0.5 + Math.random() / 2);
        made++;
        if (waitMs >= remainingMs(call)) throw error;
        await pauseFor(call, waitMs);
      }
      try {
        return await afterRestart(next, call, error);
      } catch (latest) {
        if (!isRetried(latest)) throw latest;
        error = latest;
      }
    }
  }

  /** A plugin that is being started again says when it will be there: that is waited for, if there is time. */
  async function afterRestart(next: Handler, call: PipelineCall, before: PaddockError): Promise<unknown> {
    for (let waits = 0; ; waits++) {
      try {
        return await next(call);
      } catch (error) {
        if (!isPaddockError(error, "PLUGIN_UNAVAILABLE")) throw error;
        const { retryAfterMs } = error.data;
        const isSoon = typeof retryAfterMs === "number" && retryAfterMs < remainingMs(call);
        if (!isSoon || waits === MAX_WAITS) throw before;
        await pauseFor(call, retryAfterMs);
      }
    }
  }

  async function pauseFor(call: PipelineCall, ms: number): Promise<void> {
    await pause(ms, call.signal, closing);
    if (call.signal?.aborted) throw cancelled(call);
    closing.throwIfAborted();
  }
}

function isRetried(error: unknown): error is PaddockError {
  return isPaddockError(error) && RETRIED_CODES.has(error.code);
}
