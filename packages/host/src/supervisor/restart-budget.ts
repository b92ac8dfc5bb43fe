import type { Verdict } from "./lifecycle.js";

/** Failures after which the next guest may start at once: what happens now and then delays nobody. */
export const FREE_RESTARTS = 3;
/** The wait after the first failure beyond those; doubled after each further one. */
export const BACKOFF_FIRST_MS = 1_000;
export const BACKOFF_MAX_MS = 60_000;

export interface RestartSettings {
  /** Failures after which a plugin is put into quarantine. */
  readonly crashes: number;
  /** Time in which all of them are forgiven, one after the other. */
  readonly windowMs: number;
}

/** How often a plugin may fail: started again at once a few times, then after 1, 2, 4 … 60 s with jitter, then no more. */
export class RestartBudget {
  readonly #settings: RestartSettings;
  readonly #now: () => number;
  readonly #random: () => number;
  #spent = 0;
  #refilledAt: number;

  constructor(
    settings: RestartSettings,
    now: () => number = () => performance.now(),
    random: () => number = Math.random,
  ) {
    this.#settings = settings;
    this.#now = now;
    this.#random = random;
    this.#refilledAt = now();
  }

  /** A guest failed to start, or ended without being asked to: when may the next one be started? */
  recordFailure(): Verdict {
    const { crashes, windowMs } = this.#settings;
    const now = this.#now();
    const forgiven = (now - this.#refilledAt) / (windowMs / crashes);
    this.#spent = Math.max(0, this.#spent - forgiven) + 1;
    this.#refilledAt = now;
    // Whole failures count: a part of one that is not yet forgiven makes no difference.
    const failures = Math.max(1, Math.ceil(this.#spent - TOLERANCE));
    if (failures >= crashes) return { kind: "quarantine" };
    if (failures <= FREE_RESTARTS) return { kind: "again" };
    const delayMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (failures - FREE_RESTARTS - 1));
    // Jitter, so that plugins that fell together do not rise together.
    return { kind: "wait", ms: Math.ceil(delayMs * (0.5 + this.#random() / 2)) };
  }

  /** An operator says that it may begin anew. */
  forgive(): void {
    this.#spent = 0;
  }
}

/** Of a failure: for rounding. */
const TOLERANCE = 1e-9;
