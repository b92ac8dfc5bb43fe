import { MAX_OUTBOUND_BYTES } from "@paddock/contract";
import type { Call } from "./call.js";
import type { GuestSession } from "./guest-session.js";

/** The guests that serve the same calls, and the calls that wait for the first of them. */
export class GuestPool {
  readonly key: string;
  /** Whose files its guests see. */
  readonly tenant: string;
  readonly #concurrency: number;
  #sessions: GuestSession[] = [];
  /** Calls that came while no guest had room, and what their payloads hold: bounded like those of a guest. */
  readonly #waiting = new Set<Call>();
  #waitingBytes = 0;
  /** Guests on their way; the last of them. */
  starting = 0;
  start: Promise<GuestSession> | undefined;

  constructor(key: string, tenant: string, concurrency: number) {
    this.key = key;
    this.tenant = tenant;
    this.#concurrency = concurrency;
  }

  get sessions(): readonly GuestSession[] {
    return this.#sessions;
  }

  /** Guests that serve calls now or may again: not those that are going. */
  get living(): number {
    let living = 0;
    for (const { condition } of this.#sessions)
      if (condition === "ready" || condition === "not-ready") living++;
    return living;
  }

  get isEmpty(): boolean {
    return this.#sessions.length === 0 && this.starting === 0 && this.#waiting.size === 0;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether more calls wait than the guests on their way will take. */
  get isShort(): boolean {
    return this.#waiting.size >= this.#concurrency * this.starting;
  }

  /** The guest with the least to do that has room for one more call. */
  pick(): GuestSession | undefined {
    const [only] = this.#sessions;
    // Nearly every pool has one guest, and nearly every call comes here.
    if (this.#sessions.length === 1 && only !== undefined) return this.#hasRoom(only) ? only : undefined;
    let best: GuestSession | undefined;
    for (const session of this.#sessions) {
      if (this.#hasRoom(session) && (best === undefined || session.load < best.load)) best = session;
    }
    return best;
  }

  /** Whether a call that comes now is taken: by a guest, or by those that wait for one. */
  hasRoom(max: number): boolean {
    if (this.pick() !== undefined) return true;
    const coming = this.living + this.starting < max ? this.starting + 1 : this.starting;
    if (coming > 0) return this.#waiting.size < this.#concurrency * coming && !this.#isHeavy;
    // When none of them wants calls, nothing will come free: the caller is told at once.
    return !this.#sessions.some((session) => session.condition === "ready");
  }

  add(session: GuestSession): void {
    this.#sessions.push(session);
  }

  remove(session: GuestSession): void {
    this.#sessions = this.#sessions.filter((one) => one !== session);
  }

  /** Keeps a call until a guest has room; false when too many wait already. */
  wait(call: Call): boolean {
    if (this.isShort || this.#isHeavy) return false;
    this.#waiting.add(call);
    this.#waitingBytes += weightOf(call);
    const leave = () => this.#leave(call);
    call.promise.then(leave, leave);
    return true;
  }

  /** Gives calls that wait to guests that have room, in the order they came. */
  dispatch(): void {
    for (const call of this.#waiting) {
      const session = call.isSettled ? undefined : this.pick();
      if (session === undefined && !call.isSettled) return;
      this.#leave(call);
      session?.send(call);
    }
  }

  /** Nobody will come for those that wait. */
  refuse(error: unknown): void {
    for (const call of [...this.#waiting]) {
      this.#leave(call);
      call.reject(error);
    }
  }

  get #isHeavy(): boolean {
    return this.#waitingBytes > MAX_OUTBOUND_BYTES;
  }

  #hasRoom(session: GuestSession): boolean {
    return session.isReady && session.load < this.#concurrency && !session.isClogged;
  }

  #leave(call: Call): void {
    if (this.#waiting.delete(call)) this.#waitingBytes -= weightOf(call);
  }
}

/** What a call that waits holds. */
function weightOf({ request, payload }: Call): number {
  return request.outboundBytes ?? payload.length;
}
