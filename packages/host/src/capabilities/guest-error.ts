import { ERRORS, type ErrorCode, isPaddockError, PaddockError } from "@paddock/contract";

/** Codes whose message and data a provider writes for the plugin to read. */
const WRITTEN_FOR_PLUGINS: ReadonlySet<ErrorCode> = new Set([
  "USAGE_INVALID",
  "QUOTA_EXCEEDED",
  "OVERLOADED",
  // Of another plugin that was called: it is bounded and cut down to what the calling plugin may know.
  "PLUGIN_ERROR",
  "INPUT_INVALID",
  "RESULT_TOO_LARGE",
  "RATE_LIMITED",
  "CIRCUIT_OPEN",
  "PLUGIN_UNAVAILABLE",
]);

/** A refusal as the plugin sees it: the code, the capability and a fixed sentence. */
export function refusal(code: ErrorCode, capability: string | undefined): PaddockError {
  const subject = capability === undefined ? "" : `"${capability}": `;
  return new PaddockError(code, `${subject}${ERRORS[code].title}`, {
    data: capability === undefined ? {} : { capability },
  });
}

/** What of a provider's failure the plugin may see: never the host's words, paths or causes. */
export function toGuestError(error: unknown, capability: string): PaddockError {
  if (!isPaddockError(error)) return refusal("INTERNAL", capability);
  if (!WRITTEN_FOR_PLUGINS.has(error.code)) return refusal(error.code, capability);
  return new PaddockError(error.code, error.message, {
    hint: error.hint,
    data: { ...error.data, capability },
  });
}
