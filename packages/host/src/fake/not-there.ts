import { type ErrorCode, PaddockError } from "@paddock/contract";

/** The error for a name that nothing has, with the names that there are. */
export function notThere(
  code: ErrorCode,
  message: string,
  found: string,
  names: readonly string[],
): PaddockError {
  const hint =
    names.length === 0 ? "Name it in createFakeHost({ plugins })." : `${found}: ${names.join(", ")}.`;
  return new PaddockError(code, message, { hint });
}

export function quoted(name: unknown): string {
  return JSON.stringify(String(name).slice(0, 200));
}
