import { copyValue, isPaddockError, PaddockError } from "@paddock/contract";
import type { FakeAction, FakeCall } from "./fake-plugin.js";

interface Run extends Omit<FakeCall, "signal"> {
  readonly run: FakeAction;
  readonly payload: unknown;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Runs a fake action as a host would: with a time limit, cancellation, and every failure as a PaddockError. */
export async function runFake({ run, payload, timeoutMs, signal, ...about }: Run): Promise<unknown> {
  const subject = `"${about.action}" of "${about.plugin}"`;
  const input = copyInput(payload, about.action);
  const giveUp = new AbortController();
  const { promise: left, reject: leave } = Promise.withResolvers<never>();
  const cancel = () =>
    leave(new PaddockError("CANCELLED", `Cannot run ${subject}: the caller cancelled it.`));
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => leave(lateBy(timeoutMs, subject)), timeoutMs);
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    // Nobody may be waiting for it any more when the action fails.
    const answer = (async () => run(input, { ...about, signal: giveUp.signal }))();
    answer.catch(() => undefined);
    return copyAnswer(await Promise.race([answer, left]), subject);
  } catch (thrown) {
    giveUp.abort();
    throw toFailure(thrown, subject);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  }
}

function copyInput(payload: unknown, action: string): unknown {
  try {
    return copyValue(payload);
  } catch (cause) {
    const state = cause instanceof Error ? cause.message.split("\n")[0] : "";
    throw new PaddockError("USAGE_INVALID", `Cannot run "${action}": the payload is not JSON: ${state}.`, {
      cause,
    });
  }
}

function copyAnswer(answer: unknown, subject: string): unknown {
  try {
    return copyValue(answer);
  } catch (cause) {
    throw new PaddockError("PLUGIN_BUG", `The answer of ${subject} is not JSON.`, { cause });
  }
}

function lateBy(timeoutMs: number, subject: string): PaddockError {
  return new PaddockError("TIMEOUT", `Cannot run ${subject}: no answer within ${timeoutMs} ms.`, {
    hint: "Raise timeoutMs, or make the fake action shorter.",
  });
}

/** The brand of what the SDK's `fail` makes; the host does not import the SDK's code. */
const DECLARED = Symbol.for("paddock.failure");

function toFailure(thrown: unknown, subject: string): PaddockError {
  if (isPaddockError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof Error && DECLARED in thrown && "code" in thrown) {
    const details = "details" in thrown ? { details: thrown.details } : {};
    return new PaddockError("PLUGIN_ERROR", message, {
      data: { pluginCode: String(thrown.code), ...details },
      cause: thrown,
    });
  }
  return new PaddockError("PLUGIN_BUG", `${subject} failed: ${message}`, { cause: thrown });
}
