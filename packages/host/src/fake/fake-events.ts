import { PaddockError } from "@paddock/contract";
import { EventSubscribers } from "../capabilities/event-subscribers.js";
import { isTopic, matchesTopic, TOPIC_WORDS } from "../capabilities/event-topic.js";
import type { LoadedFake } from "./fake-plugin.js";

/** One event that a fake plugin gets. */
export interface FakeEvent {
  readonly topic: string;
  readonly tenant: string;
  /** Id of the plugin that published it; `undefined` for the application. */
  readonly from: string | undefined;
}

/** Declared as a method, so that a test may name the type of `payload`. */
export type FakeEventHandler = { handle(payload: unknown, event: FakeEvent): unknown }["handle"];

/** Events between the application and its fake plugins. */
export interface FakeEvents {
  readonly subscribers: EventSubscribers;
  /** Resolves when every handler is done; rejects with what the first of them threw. Throws USAGE_INVALID. */
  publish(payload: unknown, event: FakeEvent): Promise<void>;
}

export function createFakeEvents(plugins: ReadonlyMap<string, LoadedFake>): FakeEvents {
  const subscribers = new EventSubscribers();
  return {
    subscribers,
    publish: async (payload, event) => {
      if (!isTopic(event.topic)) {
        throw new PaddockError("USAGE_INVALID", `Cannot publish: the topic is not ${TOPIC_WORDS}.`);
      }
      const text = serialise(payload, event.topic);
      subscribers.offer({ ...event, payload: text });
      for (const [id, { events }] of plugins) {
        // Its own words are no news to a plugin.
        if (id === event.from) continue;
        const handler = [...events].find(([pattern]) => matchesTopic(pattern, event.topic))?.[1];
        await handler?.(JSON.parse(text), event);
      }
    },
  };
}

function serialise(payload: unknown, topic: string): string {
  try {
    return JSON.stringify(payload) ?? "null";
  } catch (cause) {
    throw new PaddockError("USAGE_INVALID", `Cannot publish "${topic}": the payload is not JSON.`, { cause });
  }
}
