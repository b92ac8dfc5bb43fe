import type { Deadline, Deadlines } from "./deadlines.js";

/** A guest that says it is not ready is asked again at least this often. */
export const UNREADY_INTERVAL_MS = 1_000;

export interface HealthCheckOptions {
  readonly deadlines: Deadlines;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Checks that may fail in a row; the last of them is the guest's end. */
  readonly failures: number;
  /** Sends a ping; the answer is whether the plugin wants calls. Never called when the guest is gone. */
  readonly ping: (onAnswer: (isReady: boolean) => void) => void;
  /** Whether the guest has worked on a call at any time since then. */
  readonly hasWorkedSince: (at: number) => boolean;
  readonly onReadiness: (isReady: boolean) => void;
  readonly onFailure: (failures: number) => void;
  readonly onUnresponsive: () => void;
}

/**
 * Asks a guest again and again whether it lives and wants calls. While a guest works on a call it may be too
 * busy to answer, and the call's own limit watches it: only silence with nothing to do counts as a failure.
 */
export class HealthCheck implements Deadline {
  readonly #options: HealthCheckOptions;
  #state: "waiting" | "asking" | "stopped" = "stopped";
  #askedAt = 0;
  /** Tells an answer that is expected from one to a question that was given up. */
  #question = 0;
  #failures = 0;
  #isReady = true;

  expiresAt = 0;
  previous: Deadline | undefined = undefined;
  next: Deadline | undefined = undefined;
  slot = -1;

  constructor(options: HealthCheckOptions) {
    this.#options = options;
  }

  /** Whether the plugin wanted calls when it was asked last. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Asks after an interval, and so on; to be called once the guest was found ready. */
  start(): void {
    this.#failures = 0;
    this.#wait();
  }

  stop(): void {
    this.#state = "stopped";
    this.#question++;
    this.#options.deadlines.remove(this);
  }

  onExpired(): void {
    if (this.#state === "waiting") this.#ask();
    else if (this.#state === "asking") this.#onSilence();
  }

  #wait(): void {
    const { intervalMs } = this.#options;
    this.#state = "waiting";
    this.#in(this.#isReady ? intervalMs : Math.min(intervalMs, UNREADY_INTERVAL_MS));
  }

  #ask(): void {
    const question = ++this.#question;
    this.#state = "asking";
    this.#askedAt = performance.now();
    this.#in(this.#options.timeoutMs);
    this.#options.ping((isReady) => {
      if (question !== this.#question || this.#state !== "asking") return;
      this.#failures = 0;
      if (isReady !== this.#isReady) {
        this.#isReady = isReady;
        this.#options.onReadiness(isReady);
      }
      this.#wait();
    });
  }

  #onSilence(): void {
    const { hasWorkedSince, failures, onFailure, onUnresponsive } = this.#options;
    // The same question stays open: a guest that is only slow answers it yet.
    const wasBusy = hasWorkedSince(this.#askedAt);
    this.#askedAt = performance.now();
    if (!wasBusy) {
      this.#failures++;
      onFailure(this.#failures);
      if (this.#failures >= failures) {
        this.stop();
        onUnresponsive();
        return;
      }
    }
    this.#in(this.#options.timeoutMs);
  }

  #in(ms: number): void {
    this.#options.deadlines.add(this, performance.now() + ms);
  }
}
