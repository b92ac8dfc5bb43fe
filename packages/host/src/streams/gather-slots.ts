import { FairTurns } from "./fair-turns.js";

/** Answers of one guest that are gathered whole at a time; the others wait unsent in the guest. */
export const GATHERED_AT_ONCE = 4;
/** The same of one plugin, whose guests may be many, and of all plugins. */
export const GATHERED_PER_PLUGIN = 8;
export const GATHERED_IN_ALL = 32;

/** Bounds what all guests of a host can make it hold. Those of one plugin cannot keep the others from their turn. */
export class GatherTurns {
  readonly #turns = new FairTurns(GATHERED_IN_ALL, GATHERED_PER_PLUGIN);

  /** The slots of one guest. */
  slotsFor(plugin: string): GatherSlots {
    return new GatherSlots(this.#turns, plugin);
  }
}

/** Bounds what one guest can make the host hold: so many whole answers, each within its limit. */
export class GatherSlots {
  readonly #own = new FairTurns(GATHERED_AT_ONCE, GATHERED_AT_ONCE);
  readonly #all: FairTurns;
  readonly #plugin: string;

  constructor(all: FairTurns, plugin: string) {
    this.#all = all;
    this.#plugin = plugin;
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    await this.#own.take(this.#plugin);
    await this.#all.take(this.#plugin);
    try {
      return await work();
    } finally {
      this.#all.give(this.#plugin);
      this.#own.give(this.#plugin);
    }
  }
}
