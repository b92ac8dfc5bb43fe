import { setImmediate } from "node:timers/promises";
import { PaddockError } from "@paddock/contract";

/** Characters that are written before the event loop goes on. */
const PIECE_CHARACTERS = 64 * 1024;
/** Bytes that become base64 at a time: whole groups of three, so that the parts fit together. */
const BASE64_BYTES = 48 * 1024;

/**
 * The JSON of an answer, in pieces: one of megabytes, written at once, would hold up every other plugin. Bytes inside
 * are `{ "base64": … }`. Rejects with OUTPUT_INVALID for a stream, which has no place in JSON.
 */
export async function toJsonPieces(value: unknown): Promise<readonly Buffer[]> {
  const writer = new Writer();
  for (const _turn of write(value, writer)) await setImmediate();
  return writer.end();
}

/** What is said of a byte string where JSON is spoken. */
export function toBase64(bytes: Uint8Array): { readonly base64: string } {
  return { base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64") };
}

class Writer {
  readonly #pieces: Buffer[] = [];
  #text = "";

  /** Returns whether it is others' turn. */
  add(text: string): boolean {
    this.#text += text;
    if (this.#text.length < PIECE_CHARACTERS) return false;
    this.#pieces.push(Buffer.from(this.#text));
    this.#text = "";
    return true;
  }

  end(): readonly Buffer[] {
    return [...this.#pieces, Buffer.from(this.#text)];
  }
}

/** Yields where others may have their turn. The value is a plugin's, and nests no deeper than the wire allows. */
function* write(value: unknown, writer: Writer): Generator<undefined, void, undefined> {
  if (typeof value === "string" && value.length > PIECE_CHARACTERS) yield* writeText(value, writer);
  else if (typeof value !== "object" || value === null) {
    if (writer.add(JSON.stringify(value) ?? "null")) yield;
  } else if (Array.isArray(value)) yield* writeArray(value, writer);
  else if (value instanceof Uint8Array) yield* writeBytes(value, writer);
  else if (Symbol.asyncIterator in value) throw streamInside();
  else yield* writeObject(value, writer);
}

/** Half a surrogate pair is written as its number, so that it does not matter where a text is cut. */
function* writeText(text: string, writer: Writer): Generator<undefined, void, undefined> {
  writer.add('"');
  for (let at = 0; at < text.length; at += PIECE_CHARACTERS) {
    if (writer.add(JSON.stringify(text.slice(at, at + PIECE_CHARACTERS)).slice(1, -1))) yield;
  }
  writer.add('"');
}

function* writeBytes(bytes: Uint8Array, writer: Writer): Generator<undefined, void, undefined> {
  writer.add('{"base64":"');
  for (let at = 0; at < bytes.length; at += BASE64_BYTES) {
    if (writer.add(toBase64(bytes.subarray(at, at + BASE64_BYTES)).base64)) yield;
  }
  writer.add('"}');
}

function* writeArray(array: readonly unknown[], writer: Writer): Generator<undefined, void, undefined> {
  writer.add("[");
  for (const [at, inner] of array.entries()) {
    if (at > 0) writer.add(",");
    if (isSmall(inner)) {
      if (writer.add(JSON.stringify(inner) ?? "null")) yield;
    } else yield* write(inner, writer);
  }
  writer.add("]");
}

function* writeObject(object: object, writer: Writer): Generator<undefined, void, undefined> {
  writer.add("{");
  let isFirst = true;
  for (const [name, inner] of Object.entries(object)) {
    // As JSON.stringify does: what has no value has no name.
    if (inner === undefined) continue;
    if (writer.add(`${isFirst ? "" : ","}${JSON.stringify(name)}:`)) yield;
    isFirst = false;
    yield* write(inner, writer);
  }
  writer.add("}");
}

/** What needs no generator of its own. */
function isSmall(value: unknown): boolean {
  return typeof value === "string" ? value.length <= PIECE_CHARACTERS : typeof value !== "object";
}

function streamInside(): PaddockError {
  return new PaddockError("OUTPUT_INVALID", "Cannot send the answer: it has a stream inside of an object.", {
    hint: "Only an application that embeds the host can read it; let the action return the stream alone.",
  });
}
