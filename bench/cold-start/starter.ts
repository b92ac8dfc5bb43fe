/** Starts guests one after another, each gone before the next. */
export interface Starter {
  /** Milliseconds from asking for an echo, with no guest running, to having it. */
  start(): Promise<number>;
  /** Ends everything it started. */
  close(): Promise<void>;
}
