/** Resolution of every deadline, milliseconds. */
export const DEADLINE_TICK_MS = 5;

const SLOTS = 1024;

/** What waits in the wheel: linked into a slot, so that adding and removing cost nothing. */
export interface Deadline {
  /** `performance.now()` at which it expires. */
  expiresAt: number;
  onExpired(): void;
  /** Owned by the wheel. */
  previous: Deadline | undefined;
  next: Deadline | undefined;
  slot: number;
}

/**
 * One timer for all deadlines of a host: a call costs two links instead of a timer of its own. A deadline
 * further away than one turn of the wheel stays in its slot and is looked at once each turn.
 */
export class Deadlines {
  readonly #slots: (Deadline | undefined)[] = new Array(SLOTS).fill(undefined);
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;
  #size = 0;
  /** When the timer is due; nothing is armed at infinity. */
  #wakeTick = Number.POSITIVE_INFINITY;

  add(deadline: Deadline, expiresAt: number): void {
    this.remove(deadline);
    if (this.#size === 0 && this.#timer === undefined)
      this.#tick = Math.floor(performance.now() / DEADLINE_TICK_MS);
    deadline.expiresAt = expiresAt;
    const tick = Math.max(this.#tick + 1, Math.ceil(expiresAt / DEADLINE_TICK_MS));
    const slot = tick % SLOTS;
    const head = this.#slots[slot];
    deadline.slot = slot;
    deadline.previous = undefined;
    deadline.next = head;
    if (head !== undefined) head.previous = deadline;
    this.#slots[slot] = deadline;
    this.#size++;
    if (tick < this.#wakeTick) this.#sleepUntil(tick);
  }

  remove(deadline: Deadline): void {
    if (deadline.slot === -1) return;
    if (deadline.previous === undefined) this.#slots[deadline.slot] = deadline.next;
    else deadline.previous.next = deadline.next;
    if (deadline.next !== undefined) deadline.next.previous = deadline.previous;
    deadline.slot = -1;
    deadline.previous = undefined;
    deadline.next = undefined;
    this.#size--;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wakeTick = Number.POSITIVE_INFINITY;
  }

  /** A timer that ticks all the time makes every wait of the event loop set one up; this one sleeps until a slot is due. */
  #sleepUntil(tick: number): void {
    clearTimeout(this.#timer);
    this.#wakeTick = tick;
    this.#timer = setTimeout(
      () => this.#turn(),
      Math.max(1, tick * DEADLINE_TICK_MS - performance.now()),
    ).unref();
  }

  /** Looks at every slot since the last turn: the timer may come late, and the process may have slept. */
  #turn(): void {
    const now = performance.now();
    const until = Math.floor(now / DEADLINE_TICK_MS);
    const from = Math.max(this.#tick + 1, until - SLOTS + 1);
    this.#tick = until;
    this.close();
    for (let tick = from; tick <= until; tick++) this.#expire(tick % SLOTS, now);
    if (this.#size === 0) return;
    for (let tick = until + 1; tick <= until + SLOTS; tick++) {
      if (this.#slots[tick % SLOTS] === undefined) continue;
      if (tick < this.#wakeTick) this.#sleepUntil(tick);
      return;
    }
  }

  #expire(slot: number, now: number): void {
    const expired: Deadline[] = [];
    for (let one = this.#slots[slot]; one !== undefined; one = one.next) {
      if (one.expiresAt <= now) expired.push(one);
    }
    for (const one of expired) {
      // What an earlier one did may have removed it, or given it more time.
      if (one.slot === -1 || one.expiresAt > now) continue;
      this.remove(one);
      one.onExpired();
    }
  }
}
