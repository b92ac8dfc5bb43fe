import { setImmediate } from "node:timers/promises";
import { type IncomingStream, ItemReader } from "@paddock/contract";
import { decodeText } from "./guest-data.js";

/** Items of one stream that are handed out before the event loop goes on: what is ready must not starve the rest. */
export const ITEMS_PER_TURN = 256;

/** Cancels a stream whose reader the application has forgotten. Until the collector comes, its deadline bounds it. */
const forgotten = new FinalizationRegistry<IncomingStream>((stream) => stream.cancel());

/** Told how many bytes the caller was given. */
export type OnBytes = (bytes: number) => void;

/** A stream of bytes, as the caller gets it. Nothing is asked of the guest before the caller reads. */
export function toReadableStream(stream: IncomingStream, onBytes: OnBytes): ReadableStream<Uint8Array> {
  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await stream.read();
        if (chunk === undefined) {
          controller.close();
          return;
        }
        onBytes(chunk.length);
        controller.enqueue(chunk);
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
  readonly onBytes: OnBytes;
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
      if (item.kind === "item") {
        if (item.value instanceof Uint8Array) this.#options.onBytes(item.value.length);
        return { done: false, value: item.value };
      }
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
