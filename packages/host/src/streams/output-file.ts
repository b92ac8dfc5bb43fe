import { createReadStream } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { Readable } from "node:stream";

/** A file that a plugin made: the host's own copy, which nobody else can change. Dispose of it when it is used. */
export class OutputFile implements AsyncDisposable {
  /** What the plugin calls it: no path, no control characters, but still the plugin's words. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Where the copy is, until it is disposed of or the host closes. */
  readonly path: string;

  constructor(name: string, size: number, path: string) {
    this.name = name;
    this.size = size;
    this.path = path;
  }

  async bytes(): Promise<Uint8Array> {
    const bytes = await readFile(this.path);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  stream(): ReadableStream<Uint8Array> {
    // Safe: a file's stream gives bytes.
    return Readable.toWeb(createReadStream(this.path)) as ReadableStream<Uint8Array>;
  }

  /** Erases the copy. May be called twice. */
  async dispose(): Promise<void> {
    await rm(this.path, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}
