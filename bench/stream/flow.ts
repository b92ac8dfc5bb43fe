/** Bytes that go one way. */
export interface Flow {
  readonly name: string;
  /** Resolves when so many bytes have arrived. */
  readonly flow: (bytes: number) => Promise<void>;
}
