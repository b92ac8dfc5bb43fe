import { type ErrorCode, isPaddockError, PaddockError } from "@paddock/contract";
import { BREAKING_CODES } from "./breaking-codes.js";
import { describeThrown } from "./describe-thrown.js";
import type { PipelineCall, Stage } from "./pipeline.js";

/** What a caller gets when a plugin cannot answer. */
export type Fallback =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "function"; readonly run: (error: PaddockError) => unknown };

/**
 * Failures of the plugin, and reasons why it cannot be asked now. What the caller did wrong, what was denied to it,
 * and what the plugin said on purpose (PLUGIN_ERROR) stay what they are.
 */
export const FALLBACK_CODES: ReadonlySet<ErrorCode> = new Set([
  ...BREAKING_CODES,
  "HOST_EXHAUSTED",
  "SETUP_FAILED",
  "STORE_FAILED",
  "DEPENDENCY_UNMET",
  "OVERLOADED",
  "CIRCUIT_OPEN",
  "PLUGIN_SUSPENDED",
  "PLUGIN_QUARANTINED",
  "PLUGIN_UNAVAILABLE",
  "KILLED",
  "GUEST_RECYCLED",
]);

/** Answers in the plugin's place where the caller said how. */
export const fallback: Stage = (next) => (call) => {
  const given = call.fallback;
  if (given === undefined) return next(call);
  return next(call).catch((error: unknown) => {
    if (!isPaddockError(error) || !FALLBACK_CODES.has(error.code)) throw error;
    call.trace?.fallBack(error.code);
    return given.kind === "value" ? given.value : ask(given.run, error, call);
  });
};

async function ask(
  run: (error: PaddockError) => unknown,
  error: PaddockError,
  { action, plugin }: PipelineCall,
): Promise<unknown> {
  try {
    return await run(error);
  } catch (cause) {
    if (isPaddockError(cause)) throw cause;
    throw new PaddockError(
      "INTERNAL",
      `The fallback for "${action.name}" of "${plugin.manifest.id}" failed: ${describeThrown(cause)}.`,
      { hint: "Correct the function that was given as fallback.", cause },
    );
  }
}
