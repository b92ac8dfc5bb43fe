/** What waits for one reader; past it the oldest goes. */
export const MAX_BUFFERED_ITEMS = 1_000;

/** Stands where items would be that this reader did not take in time. */
export interface Missed {
  readonly kind: "missed";
  readonly count: number;
}

/** One reader's own bounded queue: who reads slowly loses the oldest, and is told how many. */
export class BoundedReader<T> implements AsyncIterableIterator<T | Missed> {
  readonly #onEnd: () => void;
  #buffer: T[] = [];
  #missed = 0;
  readonly #waiting: ((result: IteratorResult<T | Missed>) => void)[] = [];
  #isEnded = false;

  /** `onEnd` hears once that nobody will read any more, or that nothing will come. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  offer(item: T): void {
    if (this.#isEnded) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting({ done: false, value: item });
      return;
    }
    this.#buffer.push(item);
    if (this.#buffer.length <= MAX_BUFFERED_ITEMS) return;
    this.#buffer.shift();
    this.#missed++;
  }

  /** Nothing new comes any more; what is buffered can still be read. May be called twice. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnd();
    for (const waiting of this.#waiting.splice(0)) waiting(DONE);
  }

  next(): Promise<IteratorResult<T | Missed>> {
    if (this.#missed > 0) {
      const value: Missed = { kind: "missed", count: this.#missed };
      this.#missed = 0;
      return Promise.resolve({ done: false, value });
    }
    const [value] = this.#buffer.splice(0, 1);
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#isEnded) return Promise.resolve(DONE);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<T | Missed>> {
    this.end();
    this.#buffer = [];
    this.#missed = 0;
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
