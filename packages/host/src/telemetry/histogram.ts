import { DURATION_BOUNDS } from "./metric-table.js";

/** Durations by size. */
export class Histogram {
  /** One more than there are bounds: the last is for what lies above all. */
  readonly #counts = new Float64Array(DURATION_BOUNDS.length + 1);
  #sum = 0;

  add(seconds: number): void {
    let bucket = 0;
    while (bucket < DURATION_BOUNDS.length && seconds > (DURATION_BOUNDS[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += seconds;
  }

  /** How many lie at or below each bound, then how many there are. */
  read(): { readonly cumulative: readonly number[]; readonly sum: number; readonly count: number } {
    let count = 0;
    const cumulative = [...this.#counts].map((some) => (count += some));
    return { cumulative, sum: this.#sum, count };
  }
}
