/** Who waits for an answer, in the order of asking: the peers answer in that order, so they need no ids. */
export class Waiting {
  #resolvers: ((answer: unknown) => void)[] = [];
  #head = 0;

  next(): Promise<unknown> {
    return new Promise((resolve) => {
      this.#resolvers.push(resolve);
    });
  }

  answer(value: unknown): void {
    this.#resolvers[this.#head++]?.(value);
    if (this.#head < this.#resolvers.length) return;
    this.#resolvers = [];
    this.#head = 0;
  }
}
