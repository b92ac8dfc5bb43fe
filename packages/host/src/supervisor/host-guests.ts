import { PaddockError } from "@paddock/contract";
import type { KillReason } from "../isolation/isolation.js";
import { noRoom } from "./call-errors.js";
import type { GuestIdentity, GuestSurroundings } from "./guest.js";
import { GuestSession } from "./guest-session.js";

/** Guests of one host at the same time. The one that was idle longest makes room. */
export const MAX_GUESTS = 256;

const CLOSING: KillReason = { code: "KILLED", message: "the host closed" };

/** Takes one of its guests out of service; it is ended once its calls are done. */
export type Evict = (session: GuestSession) => Promise<void>;

/** All guests of one host: how many there may be, and that none is left when it closes. */
export class HostGuests {
  readonly surroundings: GuestSurroundings;
  readonly #sessions = new Map<GuestSession, Evict>();
  readonly #starts = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #count = 0;

  constructor(surroundings: GuestSurroundings) {
    this.surroundings = surroundings;
  }

  get sessions(): Iterable<GuestSession> {
    return this.#sessions.keys();
  }

  /** Whether one more can be started without ending another. */
  get hasRoom(): boolean {
    return this.#count < MAX_GUESTS;
  }

  get isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  assertOpen(): void {
    this.#closing.signal.throwIfAborted();
  }

  /** Starts a guest; the one that was idle longest makes room for it. */
  start(identity: GuestIdentity, evict: Evict): Promise<GuestSession> {
    const starting = this.#start(identity, evict).finally(() => this.#starts.delete(starting));
    this.#starts.add(starting);
    return starting;
  }

  /** Ends everything, and waits for it. */
  async close(): Promise<void> {
    this.#closing.abort(new PaddockError("HOST_CLOSED", "The host is closed."));
    await Promise.allSettled(this.#starts);
    await Promise.all([...this.#sessions.keys()].map((session) => session.stop(CLOSING)));
  }

  async #start(identity: GuestIdentity, evict: Evict): Promise<GuestSession> {
    this.assertOpen();
    // Counted at once when there is room: those that start meanwhile must not find it too.
    if (!this.hasRoom) await this.#makeRoom(identity);
    this.#count++;
    try {
      const session = await GuestSession.start(identity, this.surroundings, this.#closing.signal);
      this.#sessions.set(session, evict);
      void session.ended.then(() => {
        this.#count--;
        this.#sessions.delete(session);
      });
      return session;
    } catch (error) {
      this.#count--;
      throw error;
    }
  }

  async #makeRoom({ plugin }: GuestIdentity): Promise<void> {
    let idlest: GuestSession | undefined;
    for (const session of this.#sessions.keys()) {
      if (session.isReady && session.calls.idleSince < (idlest?.calls.idleSince ?? Number.POSITIVE_INFINITY))
        idlest = session;
    }
    if (idlest === undefined) throw noRoom(plugin, MAX_GUESTS);
    await this.#sessions.get(idlest)?.(idlest);
  }
}
