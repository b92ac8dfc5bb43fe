import type { Attachment } from "./attachments.js";
import { readCanonicalSuccess } from "./canonical.js";
import { findExcess } from "./inline-bounds.js";
import type { Message, WireError } from "./messages.js";

/** Text of a request line, without the newline. */
export function encodeRequest(id: number, method: string, params: unknown): string {
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${toJson(params)}}`;
}

export function encodeNotification(method: string, params: unknown): string {
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${toJson(params)}}`;
}

export function encodeSuccess(id: number, result: unknown): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${toJson(result)}}`;
}

/** A success whose result is JSON already. */
export function encodeJsonSuccess(id: number, resultJson: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${resultJson}}`;
}

/** A success with values beside it. They come first: a reader knows at once that the line is not a plain one. */
export function encodeAttachedSuccess(
  id: number,
  resultJson: string,
  attachments: readonly Attachment[],
): string {
  return `{"jsonrpc":"2.0","id":${id},"attachments":${toJson(attachments)},"result":${resultJson}}`;
}

export function encodeFailure(id: number, error: WireError): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${toJson(error)}}`;
}

/** What a line means, or the words that say what is wrong with it. Never throws; `line` is hostile. */
export function decodeMessage(line: string): Message | string {
  const excess = findExcess(line);
  if (excess !== undefined) return excess;
  const success = readCanonicalSuccess(line);
  if (success !== undefined) return success;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "not JSON";
  }
  return readMessage(value);
}

function readMessage(value: unknown): Message | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "not a JSON object";
  // Own fields of a parsed object only: "__proto__" arrives as an own key and is never copied.
  const { jsonrpc, id, method, params, result, error, attachments } = value as Readonly<
    Record<string, unknown>
  >;
  if (jsonrpc !== "2.0") return 'no "jsonrpc": "2.0"';
  if (id !== undefined && !isId(id)) return '"id" is not a positive integer';
  if (method !== undefined) {
    if (typeof method !== "string" || !METHOD_PATTERN.test(method)) return '"method" is not a method name';
    if (result !== undefined || error !== undefined) return "a request with a result";
    return id === undefined
      ? { kind: "notification", method, params }
      : { kind: "request", id, method, params };
  }
  if (id === undefined) return 'neither "method" nor "id"';
  if (error === undefined) {
    if (result === undefined) return 'neither "result" nor "error"';
    return attachments === undefined
      ? { kind: "success", id, result }
      : { kind: "success", id, result, attachments };
  }
  if (result !== undefined) return 'both "result" and "error"';
  return isWireError(error) ? { kind: "failure", id, error } : '"error" is not an error object';
}

/** Method names are ours; anything else (NUL, spaces, control characters) is an attack on logs. */
const METHOD_PATTERN = /^[a-z$][A-Za-z0-9_./-]{0,63}$/;

function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

/** Whether a value has the shape of an error object. */
export function isWireError(value: unknown): value is WireError {
  if (typeof value !== "object" || value === null) return false;
  const { code, message, data } = value as Readonly<Record<string, unknown>>;
  return (
    typeof code === "number" && Number.isInteger(code) && typeof message === "string" && isErrorData(data)
  );
}

function isErrorData(data: unknown): boolean {
  if (data === undefined) return true;
  if (typeof data !== "object" || data === null || Array.isArray(data)) return false;
  return !("code" in data) || typeof data.code === "string";
}

/** JSON for a value; `undefined`, functions and symbols become null, as JSON-RPC needs a value. */
function toJson(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}
