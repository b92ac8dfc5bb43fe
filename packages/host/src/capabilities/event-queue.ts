import { toPaddockError } from "@paddock/contract";
import type { ChainLink } from "../permissions/call-chain.js";
import type { LoadedPlugin } from "../supervisor/plugin.js";
import type { EventReports } from "./event-reports.js";

/** Events that wait for one guest, and their characters; what comes past either is dropped. */
export const MAX_QUEUED_EVENTS = 256;
export const MAX_QUEUED_CHARACTERS = 1_000_000;

/** A running guest, as far as events go. */
export interface EventGuest {
  /** False once it takes no more. */
  readonly isReady: boolean;
  readonly calls: {
    /** Sends the event; resolves when it is handled, rejects with a PaddockError when it failed. */
    deliver(params: string, origin: EventOrigin): Promise<unknown>;
  };
}

/** For whom the guest works while it handles an event. */
export interface EventOrigin {
  readonly tenant: string;
  /** The plugins that led to it, the publisher last: whatever the handler does counts as theirs too. */
  readonly chain: readonly ChainLink[];
}

export interface QueuedEvent extends EventOrigin {
  readonly topic: string;
  /** The whole params, as JSON. */
  readonly params: string;
}

/** One guest's events: given to it one at a time, in order. */
export class EventQueue {
  readonly #guest: EventGuest;
  readonly #plugin: LoadedPlugin;
  readonly #reports: EventReports;
  #waiting: QueuedEvent[] = [];
  #characters = 0;
  #isDelivering = false;

  constructor(guest: EventGuest, plugin: LoadedPlugin, reports: EventReports) {
    this.#guest = guest;
    this.#plugin = plugin;
    this.#reports = reports;
  }

  offer(event: QueuedEvent): void {
    if (this.#waiting.length >= MAX_QUEUED_EVENTS || this.#characters > MAX_QUEUED_CHARACTERS) {
      this.#reports.dropped(this.#plugin, event.tenant);
      return;
    }
    this.#waiting.push(event);
    this.#characters += event.params.length;
    if (!this.#isDelivering) void this.#deliverAll();
  }

  async #deliverAll(): Promise<void> {
    this.#isDelivering = true;
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      this.#characters -= event.params.length;
      if (this.#guest.isReady) await this.#deliver(event);
      else this.#reports.dropped(this.#plugin, event.tenant);
    }
    this.#isDelivering = false;
  }

  async #deliver({ topic, tenant, chain, params }: QueuedEvent): Promise<void> {
    try {
      await this.#guest.calls.deliver(params, { tenant, chain });
    } catch (error) {
      const { code, message, about } = toPaddockError(error, `deliver "${topic}"`);
      this.#reports.failed(this.#plugin, tenant, topic, { code, message, fault: about.fault });
    }
  }
}
