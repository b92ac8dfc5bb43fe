/** Half of the calls were at least as fast as `p50Ms`, 99 of 100 as `p99Ms`. */
export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export function summarize(samplesMs: readonly number[]): Latency {
  const sorted = samplesMs.toSorted((one, other) => one - other);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? 0;
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** Runs something again and again, one after the other, while `goOn` says so, and tells how long each took. */
export async function timeEach(
  run: () => unknown,
  goOn: (done: number) => boolean,
): Promise<readonly number[]> {
  const samplesMs: number[] = [];
  while (goOn(samplesMs.length)) {
    const startedAt = performance.now();
    await run();
    samplesMs.push(performance.now() - startedAt);
  }
  return samplesMs;
}

/** "48 ns", "84 µs", "2.1 ms", "2.0 s". */
export function formatMs(ms: number): string {
  if (ms < 0.001) return `${Math.round(ms * 1_000_000)} ns`;
  if (ms < 1) return `${Math.round(ms * 1_000)} µs`;
  return ms < 1_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
