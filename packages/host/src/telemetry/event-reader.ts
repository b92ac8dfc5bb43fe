import type { LifecycleEvent } from "./lifecycle-event.js";

/** Events that wait for one reader; past it the oldest go. */
export const MAX_BUFFERED_EVENTS = 1_000;

/** Stands where events would be that this reader did not take in time. */
export interface MissedEvents {
  readonly kind: "missed";
  readonly count: number;
}

type Item = LifecycleEvent | MissedEvents;

/** One reader's own bounded queue. */
export class EventReader implements AsyncIterableIterator<Item> {
  readonly #wants: (event: LifecycleEvent) => boolean;
  readonly #onEnd: () => void;
  #buffer: LifecycleEvent[] = [];
  #missed = 0;
  #waiting: ((result: IteratorResult<Item>) => void)[] = [];
  #isEnded = false;

  constructor(wants: (event: LifecycleEvent) => boolean, onEnd: () => void) {
    this.#wants = wants;
    this.#onEnd = onEnd;
  }

  offer(event: LifecycleEvent): void {
    if (this.#isEnded || !this.#wants(event)) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting({ done: false, value: event });
      return;
    }
    this.#buffer.push(event);
    if (this.#buffer.length <= MAX_BUFFERED_EVENTS) return;
    this.#buffer.shift();
    this.#missed++;
  }

  /** Nothing new comes any more; what is buffered can still be read. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnd();
    for (const waiting of this.#waiting.splice(0)) waiting(DONE);
  }

  next(): Promise<IteratorResult<Item>> {
    if (this.#missed > 0) {
      const value: MissedEvents = { kind: "missed", count: this.#missed };
      this.#missed = 0;
      return Promise.resolve({ done: false, value });
    }
    const value = this.#buffer.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#isEnded) return Promise.resolve(DONE);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<Item>> {
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
