import type { KillReason } from "../isolation/isolation.js";
import type { Call } from "./call.js";
import { noRoom } from "./call-errors.js";
import type { Deadlines } from "./deadlines.js";
import { expectStart } from "./expect-start.js";
import type { GuestSession } from "./guest-session.js";
import type { LoadedPlugin } from "./plugin.js";

/** Guests of one plugin that serve one call each, at the same time; further calls wait or are refused. */
export const MAX_FRESH_GUESTS = 64;

const DONE: KillReason = { code: "KILLED", message: "its call is done" };

export interface FreshGuestsPorts {
  readonly deadlines: Deadlines;
  /** One that nobody has used, if there is one. */
  readonly takeStandby: (tenant: string) => GuestSession | undefined;
  /** Starts a guest, or rejects with the reason why there is none. */
  readonly launch: (tenant: string) => Promise<GuestSession>;
  /** A guest is gone, and with it what it held. */
  readonly onGone: (tenant: string) => void;
}

/** Gives each call a guest of its own, which ends with it. */
export class FreshGuests {
  readonly #plugin: LoadedPlugin;
  readonly #ports: FreshGuestsPorts;
  /** Those on their way included. */
  #count = 0;

  constructor(plugin: LoadedPlugin, ports: FreshGuestsPorts) {
    this.#plugin = plugin;
    this.#ports = ports;
  }

  get hasRoom(): boolean {
    return this.#count < MAX_FRESH_GUESTS;
  }

  take(call: Call): void {
    const { tenant } = call.request;
    if (!this.hasRoom) {
      call.reject(noRoom(this.#plugin, this.#count));
      return;
    }
    this.#count++;
    const standby = this.#ports.takeStandby(tenant);
    if (standby !== undefined) {
      standby.send(call);
      void this.#seeOff(standby, call);
      return;
    }
    expectStart(call, this.#ports.deadlines);
    this.#ports.launch(tenant).then(
      (session) => {
        if (!call.isSettled) session.send(call);
        return this.#seeOff(session, call);
      },
      (error: unknown) => {
        call.reject(error);
        this.#leave(tenant);
      },
    );
  }

  async #seeOff(session: GuestSession, call: Call): Promise<void> {
    const isAnswered = await call.promise.then(
      () => true,
      () => false,
    );
    // What flows beside an answer may take longer than the answer itself.
    if (isAnswered) await Promise.race([session.ended, session.calls.untilIdle()]);
    await session.stop(DONE);
    this.#leave(call.request.tenant);
  }

  #leave(tenant: string): void {
    this.#count--;
    this.#ports.onGone(tenant);
  }
}
