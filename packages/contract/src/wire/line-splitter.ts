const NEWLINE = 0x0a;

/** Pieces of one line that are kept apart; a guest that sends byte by byte makes the host hold no more. */
const MAX_PARTS = 64;

/** What this file needs of the platform, so that it compiles where `Buffer` does not exist. */
export interface LineDecoder {
  /** Text of the bytes, or `undefined` when they are not UTF-8. A byte order mark is a character like others. */
  decode(bytes: Uint8Array): string | undefined;
  concat(parts: readonly Uint8Array[]): Uint8Array;
}

/**
 * Cuts a byte stream into lines without ever holding more than one line and one chunk.
 * `push` returns what is wrong, or `undefined`; after a fault the stream is not to be used again.
 */
export class LineSplitter {
  readonly #decoder: LineDecoder;
  readonly #maxBytes: number;
  readonly #onLine: (line: string) => void;
  #parts: Uint8Array[] = [];
  #partBytes = 0;

  constructor(decoder: LineDecoder, maxBytes: number, onLine: (line: string) => void) {
    this.#decoder = decoder;
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): string | undefined {
    let start = 0;
    if (this.#partBytes > 0) {
      const end = chunk.indexOf(NEWLINE);
      const bytes = end === -1 ? chunk.length : end;
      if (this.#partBytes + bytes > this.#maxBytes) return this.#tooLong();
      this.#parts.push(end === -1 ? chunk : chunk.subarray(0, end));
      this.#partBytes += bytes;
      if (end === -1) {
        if (this.#parts.length > MAX_PARTS) this.#parts = [this.#decoder.concat(this.#parts)];
        return undefined;
      }
      const line = this.#decoder.concat(this.#parts);
      this.#parts = [];
      this.#partBytes = 0;
      const fault = this.#emit(line);
      if (fault !== undefined) return fault;
      start = end + 1;
    }
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= start) {
      const fault = this.#emitLines(chunk.subarray(start, last + 1));
      if (fault !== undefined) return fault;
      start = last + 1;
    }
    if (start < chunk.length) {
      this.#partBytes = chunk.length - start;
      if (this.#partBytes > this.#maxBytes) return this.#tooLong();
      this.#parts = [chunk.subarray(start)];
    }
    return undefined;
  }

  /** Whole lines: decoded at once where they are ASCII (then characters are bytes), else one by one. */
  #emitLines(bytes: Uint8Array): string | undefined {
    const text = this.#decoder.decode(bytes);
    if (text === undefined || text.length !== bytes.length) return this.#emitEach(bytes);
    for (let start = 0; start < text.length; ) {
      const end = text.indexOf("\n", start);
      if (end - start > this.#maxBytes) return this.#tooLong();
      if (end > start) this.#onLine(text.slice(start, end));
      start = end + 1;
    }
    return undefined;
  }

  #emitEach(bytes: Uint8Array): string | undefined {
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(NEWLINE, start);
      if (end - start > this.#maxBytes) return this.#tooLong();
      const fault = this.#emit(bytes.subarray(start, end));
      if (fault !== undefined) return fault;
      start = end + 1;
    }
    return undefined;
  }

  #emit(bytes: Uint8Array): string | undefined {
    if (bytes.length === 0) return undefined;
    const line = this.#decoder.decode(bytes);
    if (line === undefined) return "not UTF-8";
    this.#onLine(line);
    return undefined;
  }

  #tooLong(): string {
    return `a line of more than ${this.#maxBytes} bytes`;
  }
}
