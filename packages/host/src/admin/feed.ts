/** Values that wait for one reader; further ones are lost to it, and counted. */
export const MAX_WAITING = 1_000;

/** One source, any number of readers, none of whom can hold up the source or another reader. */
export interface Feed<T> {
  publish(value: T): void;
  /** Values from now on, until the signal aborts or the feed closes. Both end it without an error. */
  follow(signal: AbortSignal, wanted?: (value: T) => boolean): AsyncIterable<T>;
  close(): void;
}

/** `mark` writes into a value how many were lost to this reader right before it. */
export function createFeed<T>(mark: (value: T, lost: number) => T): Feed<T> {
  const readers = new Set<Reader<T>>();
  const closing = new AbortController();
  return {
    publish: (value) => {
      for (const reader of readers) reader.offer(value);
    },
    follow: (signal, wanted = () => true) => {
      const reader = new Reader<T>(AbortSignal.any([signal, closing.signal]), wanted, mark);
      // At once, not when the first value is asked for: what happens in between must not be missed.
      if (!reader.isOver) {
        readers.add(reader);
        reader.onOver(() => readers.delete(reader));
      }
      return reader;
    },
    close: () => closing.abort(),
  };
}

class Reader<T> implements AsyncIterableIterator<T> {
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  readonly #wanted: (value: T) => boolean;
  readonly #mark: (value: T, lost: number) => T;
  readonly #waiting: T[] = [];
  #lost = 0;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal, wanted: (value: T) => boolean, mark: (value: T, lost: number) => T) {
    this.#signal = AbortSignal.any([signal, this.#over.signal]);
    this.#wanted = wanted;
    this.#mark = mark;
    this.onOver(() => this.#wake?.());
  }

  get isOver(): boolean {
    return this.#signal.aborted;
  }

  onOver(listener: () => void): void {
    this.#signal.addEventListener("abort", listener, { once: true });
  }

  offer(value: T): void {
    if (!this.#wanted(value)) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#lost++;
      return;
    }
    this.#waiting.push(this.#lost === 0 ? value : this.#mark(value, this.#lost));
    this.#lost = 0;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (!this.isOver) {
      const value = this.#waiting.shift();
      if (value !== undefined) return { done: false, value };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#over.abort();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
