import { type ErrorCode, isPaddockError, RPC_ERROR, type WireError } from "@paddock/contract";

/** What a guest may see of why its request failed: code and sentence, nothing of the host. */
export function toWireError(error: unknown): WireError {
  const code: ErrorCode = isPaddockError(error) ? error.code : "INTERNAL";
  const message =
    isPaddockError(error) && code !== "INTERNAL" ? error.message : "The host could not do that.";
  return { code: RPC_ERROR, message, data: { code } };
}
