import { type ErrorCode, isPaddockError, RPC_ERROR, type WireError } from "@paddock/contract";

/** What a guest may see of why its request failed; the broker lets no error out that says more. */
export function toWireError(error: unknown): WireError {
  const code: ErrorCode = isPaddockError(error) ? error.code : "INTERNAL";
  const message =
    isPaddockError(error) && code !== "INTERNAL" ? error.message : "The host could not do that.";
  const data = isPaddockError(error) && code !== "INTERNAL" ? error.data : {};
  return { code: RPC_ERROR, message, data: { ...data, code } };
}
