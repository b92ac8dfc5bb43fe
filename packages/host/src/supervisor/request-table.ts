/** How often a place can be used before its ids begin again; ids stay below 2^30, small numbers to V8. */
const GENERATIONS = 2 ** 12;
/** Requests at one time; far more than a guest may have. */
const PLACES = 2 ** 18;

/**
 * Requests by id. A Map would do, but one whose entries come and go this fast keeps every table it ever had
 * alive until the next full garbage collection (each old table points to its successor), and with them all
 * settled requests: a third of the time went there.
 */
export class RequestTable<T> {
  readonly #entries: (T | undefined)[] = [];
  /** The id that each place was given last. */
  readonly #ids: number[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#entries.length - this.#free.length;
  }

  /** Keeps the entry and returns its id: a positive integer that thousands of later requests do not have. */
  add(entry: T): number {
    const place = this.#free.pop() ?? this.#entries.length;
    if (place >= PLACES) throw new RangeError("too many requests");
    const last = this.#ids[place] ?? place * GENERATIONS;
    const id = (last + 1) % GENERATIONS === 0 ? place * GENERATIONS + 1 : last + 1;
    this.#entries[place] = entry;
    this.#ids[place] = id;
    return id;
  }

  get(id: number): T | undefined {
    const place = Math.floor(id / GENERATIONS);
    return this.#ids[place] === id ? this.#entries[place] : undefined;
  }

  /** Takes the entry out; a second time there is nothing. */
  take(id: number): T | undefined {
    const entry = this.get(id);
    if (entry === undefined) return undefined;
    const place = Math.floor(id / GENERATIONS);
    this.#entries[place] = undefined;
    this.#free.push(place);
    return entry;
  }

  /** Takes everything out, in no particular order. */
  clear(): readonly T[] {
    return this.#ids.flatMap((id) => this.take(id) ?? []);
  }
}
