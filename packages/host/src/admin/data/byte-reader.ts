import type { Readable } from "node:stream";
import { PaddockError } from "@paddock/contract";

/** Takes lines and stretches of bytes from a stream, in order, reading no further than it has to. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    // Safe: a stream without an encoding gives buffers.
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** The next line without its end. Rejects with PROTOCOL_VIOLATION when it is too long or never ends. */
  async line(maxBytes: number): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf(0x0a);
      if (end > maxBytes || (end === -1 && this.#rest.length > maxBytes)) throw broken("a line is too long");
      if (end !== -1) {
        const line = this.#rest.toString("utf8", 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      const chunk = await this.#next();
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    }
  }

  /** The next `count` bytes, in the pieces in which they come. */
  async *bytes(count: number): AsyncGenerator<Buffer, void, undefined> {
    for (let left = count; left > 0; ) {
      const chunk = this.#rest.length > 0 ? this.#rest : await this.#next();
      const piece = chunk.subarray(0, left);
      this.#rest = chunk.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async #next(): Promise<Buffer> {
    const { done, value } = await this.#chunks.next();
    if (done === true) throw broken("it ended too early");
    return value;
  }
}

function broken(state: string): PaddockError {
  return new PaddockError("PROTOCOL_VIOLATION", `Cannot read what a guest sends: ${state}.`);
}
