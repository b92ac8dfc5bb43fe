import { cancelled, deadlinePassed } from "./attempt.js";
import { remainingMs, type Stage } from "./pipeline.js";

/**
 * Holds the total deadline against stages that do not heed it. Ours do, each where it waits: this stands around them
 * only where an application has put in its own, which may never answer.
 */
export function deadline(closing: AbortSignal): Stage {
  return (next) => (call) =>
    new Promise((resolve, reject) => {
      const { signal } = call;
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        closing.removeEventListener("abort", onClose);
      };
      const fail = (error: unknown) => {
        end();
        reject(error);
      };
      const onAbort = () => fail(cancelled(call));
      const onClose = () => fail(closing.reason);
      const timer = setTimeout(() => fail(deadlinePassed(call)), Math.max(0, remainingMs(call)));
      if (signal?.aborted) return onAbort();
      if (closing.aborted) return onClose();
      signal?.addEventListener("abort", onAbort, { once: true });
      closing.addEventListener("abort", onClose, { once: true });
      next(call).then((answer) => {
        end();
        resolve(answer);
      }, fail);
    });
}
