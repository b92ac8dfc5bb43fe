import { PaddockError } from "@paddock/contract";
import { BoundedReader, type Missed } from "../bounded-reader.js";
import { isTopicPattern, matchesTopic, TOPIC_WORDS } from "./event-topic.js";

/** Subscriptions of the application at one time. */
export const MAX_SUBSCRIPTIONS = 1_000;
const MAX_TOPICS = 64;

/** An event as the application gets it. */
export interface ReceivedEvent {
  readonly kind: "event";
  readonly topic: string;
  readonly payload: unknown;
  readonly tenant: string;
  /** Id of the plugin that published it; `undefined` for the application itself. */
  readonly from: string | undefined;
}

export interface SubscribeOptions {
  /** Of this tenant only; of all when not given. */
  readonly tenant?: string | undefined;
}

/** Every event from now on, and a word when some were missed. Leaving the loop, or return(), ends it. */
export type Subscription = AsyncIterableIterator<ReceivedEvent | Missed>;

/** Called with one event at a time; the next waits for its promise. */
export type EventListener = (event: ReceivedEvent) => unknown;

/** What was published, as JSON. */
interface Published {
  readonly topic: string;
  readonly payload: string;
  readonly tenant: string;
  readonly from: string | undefined;
}

/** The application's own subscriptions. Each has a bounded queue; a slow one holds nobody up. */
export class EventSubscribers {
  readonly #readers = new Map<BoundedReader<ReceivedEvent>, (event: Published) => boolean>();
  #isClosed = false;

  /**
   * Without a listener the caller reads the subscription itself. Throws USAGE_INVALID for what are no topics, OVERLOADED
   * for too many subscriptions.
   */
  subscribe(topics: unknown, listener?: EventListener, { tenant }: SubscribeOptions = {}): Subscription {
    const patterns = readTopics(topics);
    if (listener !== undefined && typeof listener !== "function") {
      throw new PaddockError("USAGE_INVALID", "Cannot subscribe: the listener is not a function.");
    }
    if (this.#readers.size >= MAX_SUBSCRIPTIONS) {
      throw new PaddockError(
        "OVERLOADED",
        `Cannot subscribe: ${MAX_SUBSCRIPTIONS} subscriptions are open already.`,
        {
          hint: "End those that are done: leave their loop, or call return().",
        },
      );
    }
    const reader = new BoundedReader<ReceivedEvent>(() => this.#readers.delete(reader));
    const wants = (event: Published) =>
      (tenant === undefined || event.tenant === tenant) &&
      patterns.some((pattern) => matchesTopic(pattern, event.topic));
    if (this.#isClosed) reader.end();
    else this.#readers.set(reader, wants);
    if (listener !== undefined) void tellAll(reader, listener);
    return reader;
  }

  offer(event: Published): void {
    for (const [reader, wants] of this.#readers) {
      if (!wants(event)) continue;
      const { topic, payload, tenant, from } = event;
      // Parsed for each, so that none can change what another sees.
      reader.offer({ kind: "event", topic, payload: JSON.parse(payload), tenant, from });
    }
  }

  /** Subscribers get what is queued, then the end. May be called twice. */
  close(): void {
    this.#isClosed = true;
    for (const reader of [...this.#readers.keys()]) reader.end();
  }
}

async function tellAll(reader: BoundedReader<ReceivedEvent>, listener: EventListener): Promise<void> {
  for await (const event of reader) {
    if (event.kind === "missed") continue;
    try {
      await listener(event);
    } catch (error) {
      // The application's mistake, and none of the publisher's.
      process.emitWarning(`A listener of "${event.topic}" threw: ${String(error)}`, {
        code: "PADDOCK_ON_EVENT",
      });
    }
  }
}

function readTopics(topics: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(topics) ? [...topics] : [topics];
  if (list.length > 0 && list.length <= MAX_TOPICS && list.every(isTopicPattern)) return list;
  throw new PaddockError(
    "USAGE_INVALID",
    `Cannot subscribe: expected 1 to ${MAX_TOPICS} topics, each ${TOPIC_WORDS}, or all below one, such as orders.*`,
  );
}
