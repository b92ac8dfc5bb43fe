const BRAND = Symbol.for("paddock.failure");

/** Codes that `fail` takes; the manifest's `errors` of the action say which of them callers may meet. */
export const FAILURE_CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

/** A failure that the author declared. Callers get its code, message and details as PLUGIN_ERROR. */
export interface DeclaredFailure extends Error {
  readonly code: string;
  /** JSON for the caller. */
  readonly details?: unknown;
}

/** Makes an error to throw: `throw fail("NOT_A_PICTURE")`. Throws TypeError when the code is not like that. */
export function fail(code: string, message: string = code, details?: unknown): DeclaredFailure {
  if (!FAILURE_CODE.test(code)) {
    throw new TypeError(`Cannot fail with ${JSON.stringify(code)}: a code is like NOT_A_PICTURE`);
  }
  const error = new Error(message);
  return Object.assign(error, { code, [BRAND]: true }, details === undefined ? {} : { details });
}

/** True for what `fail` made, in any copy of this package. */
export function isDeclaredFailure(error: unknown): error is DeclaredFailure {
  return error instanceof Error && BRAND in error;
}
