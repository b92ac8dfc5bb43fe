import { buffer } from "node:stream/consumers";
import { formatSize } from "@paddock/contract";
import type { CallAnswer } from "@paddock/server";
import type { Answer } from "./answer.js";
import { formatAnswer } from "./format-answer.js";
import type { Terminal } from "./terminal.js";
import { writeOut } from "./write-out.js";

/** What a host in this process answered, in the words of one in another process. */
export function toCallAnswer(result: unknown): CallAnswer {
  if (result instanceof Uint8Array) return { kind: "bytes", bytes: once(result) };
  if (result instanceof ReadableStream) return { kind: "bytes", bytes: result };
  if (typeof result === "object" && result !== null && Symbol.asyncIterator in result) {
    // Safe: what has that symbol is iterated, and nothing is believed of the items.
    return { kind: "items", items: result as AsyncIterable<unknown> };
  }
  return { kind: "json", value: result };
}

/** The whole answer as one value: items as a list, bytes as base64. */
export async function gatherAnswer(answer: CallAnswer): Promise<unknown> {
  if (answer.kind === "json") return answer.value;
  if (answer.kind === "bytes") return toBase64(await buffer(answer.bytes));
  const items: unknown[] = [];
  for await (const item of answer.items) items.push(item);
  return items;
}

/** JSON is one answer; what comes in pieces is written as it comes. */
export async function showAnswer(terminal: Terminal, answer: CallAnswer): Promise<Answer | undefined> {
  switch (answer.kind) {
    case "json":
      return { json: answer.value ?? null, text: formatAnswer(answer.value, terminal.out) };
    case "items":
      for await (const item of answer.items) {
        const line = terminal.out.isTerminal ? formatAnswer(item, terminal.out) : `${JSON.stringify(item)}\n`;
        if (!(await writeOut(line))) return undefined;
      }
      return undefined;
    case "bytes":
      return showBytes(terminal, answer.bytes);
  }
}

/** A terminal would obey bytes, so it gets their number only. */
async function showBytes(terminal: Terminal, bytes: AsyncIterable<Uint8Array>): Promise<Answer | undefined> {
  if (terminal.isJson) {
    return { json: toBase64(await buffer(bytes)), text: "" };
  }
  let size = 0;
  for await (const piece of bytes) {
    size += piece.length;
    if (!terminal.out.isTerminal && !(await writeOut(piece))) return undefined;
  }
  if (!terminal.out.isTerminal) return undefined;
  const text = `${formatSize(size)} of bytes. Send them to a file: … > FILE\n`;
  return { json: { bytes: size }, text };
}

function toBase64(bytes: Buffer): object {
  return { bytes: bytes.length, base64: bytes.toString("base64") };
}

async function* once<T>(value: T): AsyncGenerator<T, void, undefined> {
  yield value;
}
