/**
 * Keeps one of something that takes a while to make, so that whoever needs one does not wait. Nothing is made before
 * the first is needed, unless `prepare` is called.
 */
export class Spare<T> {
  readonly #make: () => Promise<T>;
  readonly #remove: (one: T) => Promise<void>;
  #next: Promise<T> | undefined;
  #isClosed = false;

  constructor(make: () => Promise<T>, remove: (one: T) => Promise<void>) {
    this.#make = make;
    this.#remove = remove;
  }

  /** One that is the caller's from now on. Rejects when none can be made. */
  take(): Promise<T> {
    const spare = this.#next;
    this.#next = undefined;
    // What could not be made before may be possible now.
    const taken = spare?.catch(() => this.#make()) ?? this.#make();
    this.prepare();
    return taken;
  }

  /** Makes one that is there when it is needed. */
  prepare(): void {
    if (this.#isClosed || this.#next !== undefined) return;
    this.#next = this.#make();
    // Whoever takes it hears of it.
    this.#next.catch(() => undefined);
  }

  /** Removes the one that nobody took. May be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const left = await this.#next?.catch(() => undefined);
    this.#next = undefined;
    if (left !== undefined) await this.#remove(left);
  }
}
