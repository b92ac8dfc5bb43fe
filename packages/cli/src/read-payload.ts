import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { formatSize, PaddockError } from "@paddock/contract";

/** More than any limit of a payload allows: larger input is not even read. */
export const MAX_PAYLOAD_FILE_BYTES = 64 * 1024 ** 2;

/** The payload of a call: JSON text, `@file` with JSON in it, `-` for standard input; nothing is null. */
export async function readPayload(written: string | undefined): Promise<unknown> {
  if (written === undefined) return null;
  if (written === "-") return parse(await readInput(), "standard input");
  if (written.startsWith("@")) return parse(await readText(written.slice(1)), written.slice(1));
  return parse(written, undefined);
}

async function readInput(): Promise<string> {
  const bytes = await buffer(process.stdin);
  return bytes.toString("utf8");
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > MAX_PAYLOAD_FILE_BYTES)
      throw new Error(`it has more than ${formatSize(MAX_PAYLOAD_FILE_BYTES)}`);
    return bytes.toString("utf8");
  } catch (cause) {
    const state = cause instanceof Error ? cause.message : String(cause);
    throw new PaddockError("USAGE_INVALID", `Cannot read the payload from ${path}: ${state}.`, { cause });
  }
}

function parse(text: string, source: string | undefined): unknown {
  try {
    // Some editors put a byte-order mark first, which JSON does not know.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const what = source === undefined ? "The payload is not JSON" : `The payload in ${source} is not JSON`;
    const state = cause instanceof Error ? cause.message : String(cause);
    throw new PaddockError("USAGE_INVALID", `${what}: ${state}.`, {
      hint:
        source === undefined
          ? `A text needs quotes of its own: '"hello"'. @file reads a file, - reads standard input.`
          : undefined,
      cause,
    });
  }
}
