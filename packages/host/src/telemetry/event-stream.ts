import { PaddockError } from "@paddock/contract";
import { BoundedReader, type Missed } from "../bounded-reader.js";
import { readSafely } from "../read-safely.js";
import type { LifecycleEvent } from "./lifecycle-event.js";

/** Readers at one time. */
export const MAX_EVENT_READERS = 256;

/** Which events a reader wants; all when nothing is said. */
export interface EventFilter {
  /** Of this plugin only. */
  readonly plugin?: string | undefined;
  readonly kinds?: readonly LifecycleEvent["kind"][] | undefined;
}

/** What `host.events()` gives: every event of the filter from now on, and a word when some were missed. */
export type LifecycleEvents = AsyncIterableIterator<LifecycleEvent | Missed>;

/** Hands every event to every reader. Nobody who reads slowly, or not at all, holds anybody up. */
export class EventStream {
  /** Each with what it wants. */
  readonly #readers = new Map<BoundedReader<LifecycleEvent>, (event: LifecycleEvent) => boolean>();
  #isClosed = false;

  publish(event: LifecycleEvent): void {
    for (const [reader, wants] of this.#readers) if (wants(event)) reader.offer(event);
  }

  /** Begins to collect at once. Throws USAGE_INVALID for a filter that is none, OVERLOADED for too many readers. */
  read(filter: EventFilter = {}): LifecycleEvents {
    const wants = compileFilter(filter);
    if (this.#readers.size >= MAX_EVENT_READERS) {
      throw new PaddockError(
        "OVERLOADED",
        `Cannot read events: ${MAX_EVENT_READERS} readers are there already.`,
        {
          hint: "End readers that are done: leave their loop, or call return().",
        },
      );
    }
    const reader = new BoundedReader<LifecycleEvent>(() => this.#readers.delete(reader));
    if (this.#isClosed) reader.end();
    else this.#readers.set(reader, wants);
    return reader;
  }

  /** Readers get what is buffered, then the end. May be called twice. */
  close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers.keys()) reader.end();
  }
}

function compileFilter(written: unknown): (event: LifecycleEvent) => boolean {
  return readSafely("filter of events", () => parseFilter(written));
}

function parseFilter(filter: unknown): (event: LifecycleEvent) => boolean {
  if (typeof filter !== "object" || filter === null) throw wrong("filter", "an object");
  const { plugin, kinds } = filter as { readonly plugin?: unknown; readonly kinds?: unknown };
  if (plugin !== undefined && typeof plugin !== "string") throw wrong("plugin", "the id of a plugin");
  if (kinds !== undefined && !(Array.isArray(kinds) && kinds.every((kind) => typeof kind === "string"))) {
    throw wrong("kinds", "a list of kinds of events");
  }
  const wanted = kinds === undefined ? undefined : new Set<string>(kinds);
  return (event) =>
    (plugin === undefined || event.plugin === plugin) && (wanted === undefined || wanted.has(event.kind));
}

function wrong(name: string, expected: string): PaddockError {
  return new PaddockError("USAGE_INVALID", `Cannot read events: "${name}" is not ${expected}.`);
}
