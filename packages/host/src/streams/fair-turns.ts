/**
 * A few places that many share: each owner has at most so many at a time, and those who wait get the next free one in
 * turn, whoever of them asks more.
 */
export class FairTurns {
  #free: number;
  readonly #perOwner: number;
  readonly #taken = new Map<string, number>();
  /** In the order in which owners are next. */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(places: number, perOwner: number) {
    this.#free = places;
    this.#perOwner = perOwner;
  }

  /** Resolves when the owner has a place, which it gives back. */
  take(owner: string): Promise<void> {
    return new Promise((resolve) => {
      const list = this.#waiting.get(owner);
      if (list === undefined) this.#waiting.set(owner, [resolve]);
      else list.push(resolve);
      this.#hand();
    });
  }

  give(owner: string): void {
    const left = (this.#taken.get(owner) ?? 1) - 1;
    if (left === 0) this.#taken.delete(owner);
    else this.#taken.set(owner, left);
    this.#free++;
    this.#moveBack(owner);
    this.#hand();
  }

  /** Who has just had a place comes after those who have not. */
  #moveBack(owner: string): void {
    const list = this.#waiting.get(owner);
    if (list === undefined) return;
    this.#waiting.delete(owner);
    this.#waiting.set(owner, list);
  }

  #hand(): void {
    for (const [owner, list] of [...this.#waiting]) {
      if (this.#free === 0) return;
      const taken = this.#taken.get(owner) ?? 0;
      if (taken >= this.#perOwner) continue;
      const next = list.shift();
      if (list.length === 0) this.#waiting.delete(owner);
      else this.#moveBack(owner);
      this.#taken.set(owner, taken + 1);
      this.#free--;
      next?.();
    }
  }
}
