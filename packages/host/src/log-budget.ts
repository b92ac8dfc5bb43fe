/** Lets so many lines a second through, with a burst of one second's worth, and counts those it does not. */
export class LogBudget {
  readonly #linesPerSecond: number;
  readonly #now: () => number;
  #tokens: number;
  #refilledAt: number;
  #dropped = 0;

  constructor(linesPerSecond: number, now: () => number = () => performance.now()) {
    this.#linesPerSecond = linesPerSecond;
    this.#now = now;
    this.#tokens = Math.max(1, linesPerSecond);
    this.#refilledAt = now();
  }

  /** Whether the last line had to be dropped: more may be counted without looking at them one by one. */
  get isSpent(): boolean {
    return this.#tokens < 1;
  }

  /** Counts lines that were dropped unseen. */
  drop(lines: number): void {
    this.#dropped += lines;
  }

  /** How many lines were dropped since the last one that passed; `undefined` when this one has to be dropped too. */
  take(): number | undefined {
    const now = this.#now();
    const refill = ((now - this.#refilledAt) / 1000) * this.#linesPerSecond;
    this.#tokens = Math.min(Math.max(1, this.#linesPerSecond), this.#tokens + refill);
    this.#refilledAt = now;
    if (this.#tokens < 1) {
      this.#dropped++;
      return undefined;
    }
    this.#tokens--;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
