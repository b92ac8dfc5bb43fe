import {
  type ErrorCode,
  MAX_ERROR_CHARACTERS,
  MAX_ERROR_FRAME_BYTES,
  RPC_ERROR,
  type WireError,
} from "@paddock/contract";
import { FAILURE_CODE, isDeclaredFailure } from "../fail.js";
import { isPermissionError } from "../permission-error.js";
import { printBug } from "./print-bug.js";
import { findMisfit } from "./reply-bounds.js";
import { ResultTooLarge } from "./result-too-large.js";
import { translateDenial } from "./translate-denial.js";

/** The reply for what an action threw. Whatever it did not declare goes to stderr with its stack. */
export function toWireError(raw: unknown, isCancelled: boolean): WireError {
  const thrown = translateDenial(raw);
  if (isDeclaredFailure(thrown) && typeof thrown.code === "string" && FAILURE_CODE.test(thrown.code)) {
    const details = thrown.details === undefined ? {} : { details: thrown.details };
    return wireError("PLUGIN_ERROR", thrown.message, { pluginCode: thrown.code, ...details });
  }
  if (isCancelled) return wireError("CANCELLED", "The call was cancelled");
  if (isDiskFull(thrown)) return wireError("DISK_LIMIT", nameAndMessage(thrown));
  if (isMemoryRefused(thrown)) return wireError("MEMORY_LIMIT", nameAndMessage(thrown));
  printBug(raw);
  return wireError("PLUGIN_BUG", nameAndMessage(thrown), denialOf(thrown));
}

/** What ends a stream whose source threw. Details that are no JSON, or too long for a frame, are left out. */
export function toStreamError(thrown: unknown): WireError {
  const error =
    thrown instanceof ResultTooLarge
      ? wireError("RESULT_TOO_LARGE", thrown.message)
      : toWireError(thrown, false);
  try {
    if (findMisfit(JSON.stringify(error), MAX_ERROR_FRAME_BYTES) === undefined) return error;
  } catch {
    // Details with a cycle or a BigInt.
  }
  return withoutDetails(error);
}

/** Code and message always fit. */
export function withoutDetails(error: WireError): WireError {
  const { details: _, issues: __, ...data } = error.data ?? {};
  return { ...error, data: { ...data, detailsDropped: true } };
}

/** The reply for what failed before the plugin was ready. */
export function startFailure(raw: unknown): WireError {
  const thrown = translateDenial(raw);
  printBug(raw);
  return wireError("START_FAILED", messageOf(thrown), denialOf(thrown));
}

/** What the plugin would need for what it was refused, for the host to tell the operator. */
function denialOf(thrown: unknown): object {
  return isPermissionError(thrown) ? { capability: thrown.capability, denial: thrown.code } : {};
}

/** What the kernel says when a write would go over the quota of /data or /tmp, or over the largest file. */
const DISK_FULL: readonly unknown[] = ["ENOSPC", "EDQUOT", "EFBIG"];

function isDiskFull(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && DISK_FULL.includes(thrown.code);
}

/** What V8 says when the kernel refuses memory for a buffer or for WebAssembly; a full heap ends the process. */
const MEMORY_REFUSED =
  /Array buffer allocation failed|could not allocate memory|Failed to allocate memory|Unable to grow instance memory/;

function isMemoryRefused(thrown: unknown): boolean {
  return thrown instanceof Error && MEMORY_REFUSED.test(thrown.message);
}

export function wireError(code: ErrorCode, message: string, data: object = {}): WireError {
  return { code: RPC_ERROR, message: boundText(message), data: { code, ...data } };
}

/** "TypeError: x is not a function". Never throws: `thrown` may be anything, getters that throw included. */
export function nameAndMessage(thrown: unknown): string {
  return attempt(() =>
    thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `${typeof thrown}: ${String(thrown)}`,
  );
}

/** The error's own words. */
export function messageOf(thrown: unknown): string {
  return attempt(() => (thrown instanceof Error ? thrown.message : String(thrown)));
}

function attempt(describe: () => string): string {
  try {
    return describe();
  } catch {
    return "an error that cannot be described";
  }
}

/** First line, bounded, control characters escaped: this text ends up in logs and on terminals. */
function boundText(text: string): string {
  const line = text.slice(0, MAX_ERROR_CHARACTERS).split(/\r?\n/, 1)[0] ?? "";
  return line.replace(CONTROL, escapeUnit).slice(0, MAX_ERROR_CHARACTERS);
}

/** C0, DEL, C1, and the characters that turn the direction of text round. */
const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
