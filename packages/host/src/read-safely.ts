import { isPaddockError, PaddockError } from "@paddock/contract";

/**
 * Looks at what a caller gave, whose getters and proxies may throw. Throws `code`, naming what it was, for what does;
 * our own errors stay as they are.
 */
export function readSafely<T>(
  what: string,
  read: () => T,
  code: "USAGE_INVALID" | "CONFIG_INVALID" = "USAGE_INVALID",
): T {
  try {
    return read();
  } catch (cause) {
    if (isPaddockError(cause)) throw cause;
    throw new PaddockError(code, `The ${what} cannot be read: a getter or a proxy of it throws.`, {
      hint: "Give a plain object.",
      cause,
    });
  }
}
