import { findExcess } from "../inline-bounds.js";
import { MAX_ITEM_BYTES } from "../limits.js";
import { freeBytes } from "./free-bytes.js";

const NEWLINE = 0x0a;
/** Begins a byte string: `@`, its length, a newline, its bytes. No JSON text begins with it. */
const BYTES_MARK = 0x40;
const ZERO = 0x30;
const NINE = 0x39;
const MAX_LENGTH_DIGITS = 7;

export interface ItemSource {
  /** The next bytes, in memory of their own. */
  readonly read: () => Promise<Uint8Array | undefined>;
}

/** What this file needs of the platform. */
export interface ItemDecoder {
  /** Text of the bytes, or `undefined` when they are not UTF-8. */
  readonly decodeText: (bytes: Uint8Array) => string | undefined;
}

/** One item, the end of all, or what is wrong with the bytes. */
export type ItemRead =
  | { readonly kind: "item"; readonly value: unknown }
  | { readonly kind: "end" }
  | { readonly kind: "fault"; readonly words: string };

const END: ItemRead = { kind: "end" };
const NOTHING = new Uint8Array(0);

/** Cuts a stream into items, one for each `next`: never more than one item and one chunk is held. */
export class ItemReader {
  readonly #source: ItemSource;
  readonly #decoder: ItemDecoder;
  readonly #maxLineBytes: number;
  #chunk: Uint8Array = NOTHING;
  #at = 0;

  constructor(source: ItemSource, decoder: ItemDecoder, maxLineBytes: number) {
    this.#source = source;
    this.#decoder = decoder;
    this.#maxLineBytes = maxLineBytes;
  }

  async next(): Promise<ItemRead> {
    const line = await this.#line();
    if (line === undefined) return END;
    if (typeof line === "string") return fault(line);
    if (line[0] !== BYTES_MARK) return this.#parse(line);
    const length = readLength(line);
    if (length === undefined || length > MAX_ITEM_BYTES)
      return fault("an item of bytes without a right length");
    const bytes = await this.#bytes(length);
    return bytes === undefined ? fault("an item that ends too early") : { kind: "item", value: bytes };
  }

  #parse(line: Uint8Array): ItemRead {
    const text = this.#decoder.decodeText(line);
    if (text === undefined) return fault("an item that is not UTF-8");
    const excess = findExcess(text);
    if (excess !== undefined) return fault(`an item of ${excess}`);
    try {
      return { kind: "item", value: JSON.parse(text) };
    } catch {
      return fault("an item that is not JSON");
    }
  }

  /** Up to the next newline, without it; a text says what is wrong. */
  async #line(): Promise<Uint8Array | string | undefined> {
    let parts: Uint8Array | undefined;
    while (true) {
      if (this.#at === this.#chunk.length && !(await this.#more())) {
        return parts === undefined ? undefined : "an item without its newline";
      }
      const found = this.#chunk.indexOf(NEWLINE, this.#at);
      const end = found === -1 ? this.#chunk.length : found;
      const part = this.#chunk.subarray(this.#at, end);
      this.#at = found === -1 ? end : end + 1;
      if ((parts?.length ?? 0) + part.length > this.#maxLineBytes) {
        return `an item of more than ${this.#maxLineBytes} bytes`;
      }
      if (found !== -1 && parts === undefined) return part;
      parts = join(parts ?? NOTHING, part);
      if (found !== -1) return parts;
    }
  }

  async #bytes(length: number): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      if (this.#at === this.#chunk.length && !(await this.#more())) return undefined;
      const part = this.#chunk.subarray(this.#at, this.#at + length - filled);
      bytes.set(part, filled);
      filled += part.length;
      this.#at += part.length;
    }
    return bytes;
  }

  async #more(): Promise<boolean> {
    if (this.#chunk.length > 0) freeBytes(this.#chunk);
    this.#chunk = NOTHING;
    this.#at = 0;
    const chunk = await this.#source.read();
    this.#chunk = chunk ?? NOTHING;
    return chunk !== undefined;
  }
}

function fault(words: string): ItemRead {
  return { kind: "fault", words };
}

function readLength(line: Uint8Array): number | undefined {
  if (line.length < 2 || line.length > 1 + MAX_LENGTH_DIGITS) return undefined;
  let length = 0;
  for (const code of line.subarray(1)) {
    if (code < ZERO || code > NINE) return undefined;
    length = length * 10 + code - ZERO;
  }
  return length;
}

/** Lines are short and chunks long: joining happens about once for each chunk. */
function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
