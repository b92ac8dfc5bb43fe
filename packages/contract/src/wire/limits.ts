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

/** Bytes of data in one frame. */
export const MAX_FRAME_BYTES = 256 * 1024;

/** Bytes of a frame that says why a stream failed. */
export const MAX_ERROR_FRAME_BYTES = 64 * 1024;

/** Bytes of one stream that the host holds for a reader who does not read: its credit. */
export const STREAM_CREDIT_BYTES = 1024 * 1024;

/** Bytes of all streams of one guest together, apart from the least that each gets. */
export const GUEST_CREDIT_BYTES = 8 * 1024 * 1024;

/** The least credit that a stream is opened with, however many there are. */
export const MIN_CREDIT_BYTES = 32 * 1024;

/** Open streams that one side writes. */
export const MAX_OPEN_STREAMS = 256;

/** Attachments of one message. */
export const MAX_ATTACHMENTS = 32;

/** Steps of an attachment's pointer. */
export const MAX_ATTACHMENT_DEPTH = 8;

/** Bytes of one byte string among the items of a stream. */
export const MAX_ITEM_BYTES = 1024 * 1024;

/** JSON values, keys and brackets of a result that travels as a stream. */
export const MAX_RESULT_TOKENS = 2_000_000;

/** Names of one object in such a result. */
export const MAX_OBJECT_NAMES = 50_000;

/** Output files of one call. */
export const MAX_OUTPUT_FILES = 32;
