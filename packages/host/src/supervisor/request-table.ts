/** Places for requests; an id is a number never used before, times this, plus the place. */
const PLACES = 2 ** 20;

/**
 * Requests by id. A Map would do, but one whose entries come and go this fast keeps every table it ever had
 * alive until the next full garbage collection (each old table points to its successor), and with them all
 * settled requests: a third of the time went there.
 */
export class RequestTable<T> {
  readonly #entries: (T | undefined)[] = [];
  readonly #ids: number[] = [];
  readonly #free: number[] = [];
  #sequence = 0;

  get size(): number {
    return this.#entries.length - this.#free.length;
  }

  /** Keeps the entry and returns its id: a positive safe integer, never given before. */
  add(entry: T): number {
    const place = this.#free.pop() ?? this.#entries.length;
    if (place >= PLACES) throw new RangeError("too many requests");
    const id = ++this.#sequence * PLACES + place;
    this.#entries[place] = entry;
    this.#ids[place] = id;
    return id;
  }

  get(id: number): T | undefined {
    const place = id % PLACES;
    return this.#ids[place] === id ? this.#entries[place] : undefined;
  }

  /** Takes the entry out; a second time there is nothing. */
  take(id: number): T | undefined {
    const entry = this.get(id);
    if (entry === undefined) return undefined;
    const place = id % PLACES;
    this.#entries[place] = undefined;
    this.#ids[place] = 0;
    this.#free.push(place);
    return entry;
  }

  /** Everything in it, the oldest first; the table is empty afterwards. */
  clear(): readonly T[] {
    const ids = this.#ids.filter((id) => id > 0).sort((a, b) => a - b);
    return ids.flatMap((id) => this.take(id) ?? []);
  }
}
