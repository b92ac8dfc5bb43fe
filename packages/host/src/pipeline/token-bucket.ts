import type { Rate } from "@paddock/contract";

/**
 * A token bucket on monotonic time: as many calls as the rate names at once, then evenly. A clock that somebody sets
 * changes nothing.
 */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.count;
    this.#at = now;
  }

  /** Milliseconds until a call may go on; 0 for now. */
  waitMs(now: number): number {
    this.#refill(now);
    const { count, windowMs } = this.#rate;
    return this.#tokens >= 1 ? 0 : ((1 - this.#tokens) * windowMs) / count;
  }

  /** After `waitMs` said 0. */
  take(): void {
    this.#tokens--;
  }

  /** A full bucket is like a new one: forgetting it changes nothing. */
  isFull(now: number): boolean {
    this.#refill(now);
    return this.#tokens >= this.#rate.count;
  }

  #refill(now: number): void {
    const { count, windowMs } = this.#rate;
    this.#tokens = Math.min(count, this.#tokens + ((now - this.#at) * count) / windowMs);
    this.#at = now;
  }
}
