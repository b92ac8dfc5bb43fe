export const RAW_UP = "raw pipe, up";
export const RAW_DOWN = "raw pipe, down";

/** What everybody writes at a time: what a pipe of Node's reads at a time, too. */
export const CHUNK_BYTES = 64 * 1024;

/** Bytes that go one way. */
export interface Flow {
  readonly name: string;
  /** Name of the raw pipe's row of the same direction. */
  readonly baseline: string;
  /** Resolves when so many bytes have arrived. */
  readonly flow: (bytes: number) => Promise<void>;
}
