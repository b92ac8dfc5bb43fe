/** Work about the same thing is done one after the other; work about different things is not held up. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Begins at once when nothing about the same thing goes on. */
  run<T>(about: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(about);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#last.set(about, turn);
    const leave = () => {
      if (this.#last.get(about) === turn) this.#last.delete(about);
    };
    turn.then(leave, leave);
    return turn;
  }
}
