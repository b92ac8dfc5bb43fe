/** Ends that a plugin may have at once before its restarts are delayed. */
export const RESTART_BURST = 8;
/** One of them comes back after this time. */
export const RESTART_REFILL_MS = 10_000;
export const BACKOFF_FIRST_MS = 1_000;
export const BACKOFF_MAX_MS = 60_000;

/** How often a plugin may be started again: at once for a while, then after 1, 2, 4 … 60 s with jitter. */
export class RestartBudget {
  #tokens = RESTART_BURST;
  #refilledAt: number;
  #delayMs = 0;
  #notBefore = 0;
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(now: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#now = now;
    this.#random = random;
    this.#refilledAt = now();
  }

  /** Milliseconds until it may be started again; 0 for now. */
  get waitMs(): number {
    return Math.max(0, Math.ceil(this.#notBefore - this.#now()));
  }

  /** A guest failed to start, or ended without being asked to. */
  recordFailure(): void {
    const now = this.#now();
    const refilled = Math.floor((now - this.#refilledAt) / RESTART_REFILL_MS);
    if (refilled > 0) {
      this.#tokens = Math.min(RESTART_BURST, this.#tokens + refilled);
      this.#refilledAt += refilled * RESTART_REFILL_MS;
    }
    if (this.#tokens > 0) {
      this.#tokens--;
      this.#delayMs = 0;
      return;
    }
    this.#delayMs = Math.min(BACKOFF_MAX_MS, Math.max(BACKOFF_FIRST_MS, this.#delayMs * 2));
    // Jitter, so that plugins that fell together do not rise together.
    this.#notBefore = now + this.#delayMs * (0.5 + this.#random() / 2);
  }
}
