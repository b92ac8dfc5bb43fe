import { MAX_ATTACHMENT_DEPTH, MAX_ATTACHMENTS, MAX_OUTPUT_FILES } from "./limits.js";
import { parsePointer } from "./pointer.js";

/** What becomes of a stream at its reader. */
export type StreamKind = "bytes" | "byteStream" | "items" | "json";

/** A value of a message that travels beside it; the value at `at` is null in the message. */
export type Attachment = StreamAttachment | FileAttachment;

export interface StreamAttachment {
  /** JSON Pointer into the payload or result. */
  readonly at: string;
  readonly kind: StreamKind;
  readonly stream: number;
  /** Of kind "bytes": how many there are, where that is known. */
  readonly bytes?: number;
}

export interface FileAttachment {
  readonly at: string;
  readonly kind: "file";
  /** Number of the output file among those of its call. */
  readonly file: number;
  /** What people see. */
  readonly name: string;
}

const STREAM_KINDS: readonly unknown[] = ["bytes", "byteStream", "items", "json"];

/** Names of files, in and out: nothing that means something to a path or a terminal. */
export const FILE_NAME = /^(?!\.{1,2}$)[^/\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,100}$/u;

/** The attachments of a message, or the words that say what is wrong. `value` is hostile. */
export function parseAttachments(value: unknown): readonly Attachment[] | string {
  if (!Array.isArray(value)) return "attachments that are no list";
  if (value.length > MAX_ATTACHMENTS) return `more than ${MAX_ATTACHMENTS} attachments`;
  const attachments: Attachment[] = [];
  for (const [index, one] of value.entries()) {
    const attachment = parseAttachment(one);
    if (typeof attachment === "string") return attachment;
    // Only the text of the whole comes before what belongs into it.
    if (attachment.kind === "json" && (attachment.at !== "" || index > 0))
      return 'an attachment "json" inside';
    attachments.push(attachment);
  }
  return findOverlap(attachments) ?? attachments;
}

function parseAttachment(value: unknown): Attachment | string {
  if (typeof value !== "object" || value === null) return "an attachment that is no object";
  // Own fields of a parsed object; what is missing there is looked for in Object.prototype, which has none of these.
  const { at, kind, stream, bytes, file, name } = value as Readonly<Record<string, unknown>>;
  const steps = typeof at === "string" ? parsePointer(at) : undefined;
  if (typeof at !== "string" || steps === undefined) return "an attachment without a JSON Pointer";
  if (steps.length > MAX_ATTACHMENT_DEPTH) return `an attachment deeper than ${MAX_ATTACHMENT_DEPTH} steps`;
  if (kind === "file") {
    if (!isWhole(file, MAX_OUTPUT_FILES)) return "an attachment without the number of its file";
    if (typeof name !== "string" || !FILE_NAME.test(name))
      return "an attachment without the name of its file";
    return { at, kind, file, name };
  }
  if (!STREAM_KINDS.includes(kind)) return "an attachment of an unknown kind";
  if (!isWhole(stream, MAX_STREAM)) return "an attachment without the number of its stream";
  const attachment = { at, kind: kind as StreamKind, stream }; // Safe: it is one of the list.
  if (kind !== "bytes" || bytes === undefined) return attachment;
  if (bytes !== 0 && !isWhole(bytes, Number.MAX_SAFE_INTEGER))
    return "an attachment of bytes without a right length";
  return { ...attachment, bytes };
}

/** Streams are numbered in 32 bits. */
const MAX_STREAM = 2 ** 32 - 1;

function isWhole(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most;
}

/** What would be replaced twice, or looked for in what has just been put there. */
function findOverlap(attachments: readonly Attachment[]): string | undefined {
  const places = attachments.filter(({ kind }) => kind !== "json").map(({ at }) => at);
  const files = attachments.flatMap((one) => (one.kind === "file" ? [one.file] : []));
  if (new Set(files).size < files.length) return "a file that is attached twice";
  for (const [index, place] of places.entries()) {
    for (const other of places.slice(index + 1)) {
      if (place === other || place.startsWith(`${other}/`) || other.startsWith(`${place}/`)) {
        return "attachments at one place";
      }
    }
  }
  return undefined;
}
