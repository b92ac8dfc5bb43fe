import { setImmediate } from "node:timers/promises";
import { freeBytes, type IncomingStream, ItemReader } from "@paddock/contract";
import { decodeText } from "./guest-data.js";

/** Items of one stream that are handed out before the event loop goes on: what is ready must not starve the rest. */
export const ITEMS_PER_TURN = 256;

/** Cancels a stream whose reader the application has forgotten. Until the collector comes, its deadline bounds it. */
const forgotten = new FinalizationRegistry<IncomingStream>((stream) => stream.cancel());

/** A stream of bytes, as the caller gets it. Nothing is asked of the guest before the caller reads. */
export function toReadableStream(stream: IncomingStream): ReadableStream<Uint8Array> {
  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await stream.read();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: () => stream.cancel(),
    },
    { highWaterMark: 0 },
  );
  forgotten.register(readable, stream);
  return readable;
}

/** What the items of a stream need besides it. */
export interface ItemOptions {
  /** Bytes of one item's JSON. */
  readonly maxLineBytes: number;
  /** Ends the guest for items that break the protocol; returns what the reader gets. */
  readonly onFault: (words: string) => Error;
}

/** A stream of items, as the caller gets it. Leaving the loop early cancels it. */
export function toAsyncIterable(
  stream: IncomingStream,
  options: ItemOptions,
): AsyncIterableIterator<unknown> & AsyncDisposable {
  const iterator = new ItemIterator(stream, options);
  forgotten.register(iterator, stream);
  return iterator;
}

class ItemIterator implements AsyncIterableIterator<unknown>, AsyncDisposable {
  readonly #stream: IncomingStream;
  readonly #options: ItemOptions;
  readonly #reader: ItemReader;
  #taken = 0;
  #isDone = false;
  /** Calls of `next` that did not wait for one another are answered in order. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(stream: IncomingStream, options: ItemOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#reader = new ItemReader(stream, { decodeText }, options.maxLineBytes);
  }

  next(): Promise<IteratorResult<unknown>> {
    const result = this.#last.then(() => this.#next());
    this.#last = result.catch(() => undefined);
    return result;
  }

  return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#isDone = true;
    this.#stream.cancel();
    return Promise.resolve({ done: true, value });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #next(): Promise<IteratorResult<unknown>> {
    if (this.#isDone) return END;
    if (++this.#taken % ITEMS_PER_TURN === 0) await setImmediate();
    try {
      const item = await this.#reader.next();
      if (item.kind === "item") return { done: false, value: item.value };
      this.#isDone = true;
      if (item.kind === "fault") throw this.#options.onFault(item.words);
      return END;
    } catch (error) {
      this.#isDone = true;
      this.#stream.cancel();
      throw error;
    }
  }
}

const END: IteratorResult<unknown> = { done: true, value: undefined };

/** All bytes of a stream; `undefined` when there are more than allowed, and then it is cancelled. */
export async function readAll(stream: IncomingStream, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      stream.cancel();
      return undefined;
    }
    chunks.push(chunk);
  }
  const all = new Uint8Array(bytes);
  let at = 0;
  let copied = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
    freeBytes(chunk);
    // Copying everything at once would hold up everybody else.
    if (at - copied < COPY_TURN_BYTES) continue;
    copied = at;
    await setImmediate();
  }
  return all;
}

const COPY_TURN_BYTES = 1024 * 1024;
