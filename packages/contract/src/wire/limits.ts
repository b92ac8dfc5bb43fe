/** Bounds of the wire. What a guest sends is measured against them before it is parsed. */

/** The protocol versions this side speaks. The host serves N and N−1; there is only one so far. */
export const PROTOCOL = { min: 1, max: 1 } as const;

/** Bytes of one line from a guest, newline not counted. */
export const MAX_INLINE_BYTES = 64 * 1024;

/** JSON values, keys and brackets in one line from a guest. */
export const MAX_INLINE_TOKENS = 10_000;

/** Nested arrays and objects in one line: far below where a recursive walk overflows a stack. */
export const MAX_DEPTH = 128;

/** Bytes of one payload from the host to a guest. */
export const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024;

/** Bytes of one guest's lines that the host handles before other work of the event loop gets its turn. */
export const TURN_BUDGET_BYTES = 128 * 1024;

/** Requests of one guest that may be unanswered at once; more of them wait in the guest's own socket. */
export const MAX_GUEST_REQUESTS = 256;

/** Bytes waiting to be read by a guest; past this its calls are refused and its requests are not read. */
export const MAX_OUTBOUND_BYTES = 8 * 1024 * 1024;

/** Characters of an error message that a guest may send. */
export const MAX_ERROR_CHARACTERS = 2_000;
