/** A place in a list. */
export interface Place<T> {
  readonly value: T;
  previous: Place<T> | undefined;
  next: Place<T> | undefined;
}

/** Adds at the end, takes from anywhere, both at once. */
export class LinkedList<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#first?.value;
  }

  get last(): T | undefined {
    return this.#last?.value;
  }

  add(value: T): Place<T> {
    const place: Place<T> = { value, previous: undefined, next: undefined };
    this.#append(place);
    return place;
  }

  /** `place` must be in this list. */
  remove(place: Place<T>): void {
    const { previous, next } = place;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    place.previous = undefined;
    place.next = undefined;
    this.#size--;
  }

  /** The first becomes the last. */
  rotate(): void {
    const place = this.#first;
    if (place === undefined || place === this.#last) return;
    this.remove(place);
    this.#append(place);
  }

  *[Symbol.iterator](): Generator<T> {
    for (let place = this.#first; place !== undefined; place = place.next) yield place.value;
  }

  #append(place: Place<T>): void {
    place.previous = this.#last;
    if (this.#last === undefined) this.#first = place;
    else this.#last.next = place;
    this.#last = place;
    this.#size++;
  }
}
