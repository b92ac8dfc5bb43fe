/** One way of having code run elsewhere: it echoes, and the time that takes is what it costs. */
export interface Contender {
  readonly name: string;
  /** Resolves with a copy of the payload that was made on the other side. Many may be in flight. */
  call(payload: unknown): Promise<unknown>;
  /** Ends everything it started. */
  close(): Promise<void>;
}
