import { PaddockError, toPaddockError } from "@paddock/contract";
import { describeThrown } from "./describe-thrown.js";

/** Payloads of one batch. */
export const MAX_BATCH_ITEMS = 100_000;
/** Calls of one batch that are in flight at a time, at most. */
export const MAX_BATCH_IN_FLIGHT = 64;

/** What became of one payload of a batch. */
export type BatchResult =
  | { readonly kind: "success"; readonly value: unknown }
  | { readonly kind: "failure"; readonly error: PaddockError };

/**
 * Runs every payload, some at a time; resolves with one result for each, in their order. A payload that cannot be read
 * or a call that fails is that item's failure only. Throws USAGE_INVALID for what is not a list.
 */
export function runBatch(
  payloads: unknown,
  inFlight: number,
  run: (payload: unknown) => Promise<unknown>,
): Promise<readonly BatchResult[]> {
  const length = lengthOf(payloads);
  // Safe: it is a list; its items are read one by one below.
  const list = payloads as ArrayLike<unknown>;
  const results: BatchResult[] = new Array(length);
  const width = Math.min(inFlight, MAX_BATCH_IN_FLIGHT, length);
  if (length === 0) return Promise.resolve(results);
  return new Promise((resolve) => {
    let begun = 0;
    let done = 0;
    const settle = (at: number, result: BatchResult) => {
      results[at] = result;
      if (++done === length) resolve(results);
      else if (begun < length) begin(begun++);
    };
    const begin = (at: number) => {
      callWith(list, at, run).then(
        (value) => settle(at, { kind: "success", value }),
        (error: unknown) => settle(at, { kind: "failure", error: toPaddockError(error, "run a batch") }),
      );
    };
    for (begun = 0; begun < width; ) begin(begun++);
  });
}

function lengthOf(payloads: unknown): number {
  try {
    if (Array.isArray(payloads) && payloads.length <= MAX_BATCH_ITEMS) return payloads.length;
  } catch (cause) {
    throw new PaddockError("USAGE_INVALID", `The payloads cannot be read: ${describeThrown(cause)}.`, {
      cause,
    });
  }
  throw new PaddockError(
    "USAGE_INVALID",
    `The payloads of a batch are ${Array.isArray(payloads) ? "too many" : "no list"}; expected a list of at most ${MAX_BATCH_ITEMS}.`,
  );
}

function callWith(
  list: ArrayLike<unknown>,
  at: number,
  run: (payload: unknown) => Promise<unknown>,
): Promise<unknown> {
  let payload: unknown;
  try {
    payload = list[at];
  } catch (cause) {
    const words = `Payload ${at} of the batch cannot be read: ${describeThrown(cause)}.`;
    return Promise.reject(new PaddockError("USAGE_INVALID", words, { cause }));
  }
  try {
    return run(payload);
  } catch (error) {
    return Promise.reject(error);
  }
}
