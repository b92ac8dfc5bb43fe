/** Answers of one guest that are gathered whole at a time; the others wait unsent in the guest. */
export const GATHERED_AT_ONCE = 4;

/** Bounds what one guest can make the host hold: so many whole answers, each within its limit. */
export class GatherSlots {
  #free = GATHERED_AT_ONCE;
  readonly #waiting: (() => void)[] = [];

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free--;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
