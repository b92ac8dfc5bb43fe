import { PaddockError } from "@paddock/contract";
import type { Write, WriteResult } from "./writer-messages.js";

/** Writes that may wait at once, of one owner and of all together. */
export const MAX_QUEUED_WRITES_PER_OWNER = 256;
export const MAX_QUEUED_WRITES = 4_096;
/** Characters of texts that may wait at once. */
export const MAX_QUEUED_CHARACTERS = 64 * 1024 ** 2;
/** Writes in one transaction: few enough that nobody waits long for a disk that syncs. */
export const MAX_BATCH_WRITES = 512;

export interface QueuedWrite {
  readonly write: Write;
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: PaddockError) => void;
}

/** Writes that wait for the next transaction. Owners take turns, so that none can keep another waiting. */
export class WriteQueue {
  readonly #byOwner = new Map<string, QueuedWrite[]>();
  #writes = 0;
  #characters = 0;

  get isEmpty(): boolean {
    return this.#writes === 0;
  }

  /** Throws OVERLOADED when the owner, or everybody together, has too many waiting. */
  add(owner: string, queued: QueuedWrite): void {
    const own = this.#byOwner.get(owner) ?? [];
    const characters = this.#characters + charactersOf(queued);
    if (
      own.length >= MAX_QUEUED_WRITES_PER_OWNER ||
      this.#writes >= MAX_QUEUED_WRITES ||
      characters > MAX_QUEUED_CHARACTERS
    ) {
      throw new PaddockError("OVERLOADED", "Cannot write to the store: too many writes are waiting.", {
        hint: "Wait for earlier writes before you start more.",
      });
    }
    own.push(queued);
    this.#byOwner.set(owner, own);
    this.#writes++;
    this.#characters = characters;
  }

  /** The next writes, in order for each owner. */
  take(): readonly QueuedWrite[] {
    const batch: QueuedWrite[] = [];
    while (this.#writes > 0 && batch.length < MAX_BATCH_WRITES) {
      for (const [owner, own] of this.#byOwner) {
        const next = own.shift();
        // Taken out and put back behind the others: the next batch goes on with them.
        this.#byOwner.delete(owner);
        if (next === undefined) continue;
        if (own.length > 0) this.#byOwner.set(owner, own);
        this.#writes--;
        this.#characters -= charactersOf(next);
        batch.push(next);
        if (batch.length === MAX_BATCH_WRITES) break;
      }
    }
    return batch;
  }
}

function charactersOf({ write }: QueuedWrite): number {
  let characters = 0;
  for (const { values } of write) {
    for (const value of values) if (typeof value === "string") characters += value.length;
  }
  return characters;
}
