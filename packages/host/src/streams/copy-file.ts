import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { InputFileSource } from "./input-files.js";

/** What is read and written at a time. */
const CHUNK_BYTES = 256 * 1024;

/** Why a source is no file that can be copied, for the error that says so. */
export class SourceRefused extends Error {}

/** More than there may be. */
export class TooLarge extends Error {}

/** Pieces of a source, read as they are asked for. Throws SourceRefused for a path that is no ordinary file. */
export async function* readSource(
  source: InputFileSource,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (typeof source === "string") yield* readPath(source, signal);
  else if (source instanceof Uint8Array) yield source;
  else if (source instanceof ArrayBuffer) yield new Uint8Array(source);
  else yield* readStream(source instanceof Blob ? source.stream() : source, signal);
}

async function* readPath(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  // No link: what it leads to could be exchanged. Not blocking: a pipe without a writer would wait for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((cause: NodeJS.ErrnoException) => {
    const state = cause.code === "ELOOP" ? "it is a symbolic link" : `it cannot be opened (${cause.code})`;
    throw new SourceRefused(state, { cause });
  });
  try {
    if (!(await file.stat()).isFile()) throw new SourceRefused("it is no ordinary file");
    yield* readHandle(file, signal);
  } catch (cause) {
    // Files of the kernel's look ordinary until they are read.
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    throw typeof code === "string" ? new SourceRefused(`it cannot be read (${code})`, { cause }) : cause;
  } finally {
    await file.close();
  }
}

/** The bytes of an open file, from its beginning. */
export async function* readHandle(
  file: FileHandle,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; ; ) {
    signal.throwIfAborted();
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

async function* readStream(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  // A source that never answers must not hold up the call's end.
  const stop = () => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener("abort", stop, { once: true });
  try {
    while (true) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      if (!(value instanceof Uint8Array))
        throw new SourceRefused("its stream gave something that is not bytes");
      yield value;
    }
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/**
 * Writes a new file, which only its owner may change, and returns its size. `take` says for each piece whether there
 * is room for so many bytes more; else it throws TooLarge, and nothing is removed.
 */
export async function writeNewFile(
  path: string,
  mode: number,
  pieces: AsyncIterable<Uint8Array>,
  take: (bytes: number) => boolean,
): Promise<number> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600);
  try {
    let bytes = 0;
    for await (const piece of pieces) {
      bytes += piece.length;
      if (!take(piece.length)) throw new TooLarge();
      await file.appendFile(piece);
    }
    await file.chmod(mode);
    return bytes;
  } finally {
    await file.close();
  }
}
