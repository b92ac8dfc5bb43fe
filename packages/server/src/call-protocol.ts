/** What server and client agree on about a call; here, so that a client need not load the server. */

/** Largest JSON payload: the most that any plugin may be given at once. Bytes flow and need no bound here. */
export const MAX_BODY_BYTES = 16 * 1024 ** 2;

/** What kind of answer follows: json, bytes or items. */
export const RESULT_HEADER = "paddock-result";

/** One line of an answer of items. */
export interface ItemLine {
  readonly item: unknown;
}

/** After bytes: why they ended too early. */
export const ERROR_TRAILER = "paddock-error";
