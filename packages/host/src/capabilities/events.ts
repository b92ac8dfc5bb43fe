import { formatSize, PaddockError, type Parameters } from "@paddock/contract";
import { z } from "zod";
import { type ChainLink, MAX_CALL_DEPTH } from "../permissions/call-chain.js";
import type { LoadedPlugin } from "../supervisor/plugin.js";
import type { LifecycleChange } from "../telemetry/lifecycle-event.js";
import { type EventGuest, EventQueue } from "./event-queue.js";
import { EventReports } from "./event-reports.js";
import { EventSubscribers } from "./event-subscribers.js";
import { isTopic, matchesTopic, TOPIC_WORDS } from "./event-topic.js";
import type { CapabilityProvider, ProviderMethod } from "./provider.js";

/** Of one payload, as JSON; leaves room for the rest of the message that carries it. */
export const MAX_EVENT_BYTES = 48 * 1024;

/** Where events find those who hear them. */
export interface EventSurroundings {
  /** Every loaded plugin. */
  readonly plugins: () => Iterable<LoadedPlugin>;
  /** The running guests that work for a tenant, always in the same order. */
  readonly guests: (plugin: LoadedPlugin, tenant: string) => readonly EventGuest[];
  readonly onChange: (plugin: LoadedPlugin, change: LifecycleChange) => void;
}

/** Events between plugins and the application. Tenants never meet. */
export interface EventBus {
  /** `events.publish`, for plugins. */
  readonly provider: CapabilityProvider;
  /** The application's own side. */
  readonly subscribers: EventSubscribers;
  /** For the application. Throws USAGE_INVALID for what is no topic or no JSON, PAYLOAD_TOO_LARGE. */
  publish(topic: unknown, payload: unknown, tenant: string): void;
}

interface Publication {
  readonly topic: string;
  /** JSON. */
  readonly payload: string;
  readonly tenant: string;
  /** The plugins that led to it, the publisher last; empty for the application. */
  readonly chain: readonly ChainLink[];
}

export function createEventBus({ plugins, guests, onChange }: EventSurroundings): EventBus {
  const subscribers = new EventSubscribers();
  const reports = new EventReports(onChange);
  const queues = new WeakMap<EventGuest, EventQueue>();

  const publish = (publication: Publication): void => {
    const { topic, tenant, chain } = publication;
    const from = chain.at(-1)?.id;
    subscribers.offer({ ...publication, from });
    for (const plugin of plugins()) {
      // Its own words are no news to a plugin.
      if (plugin.manifest.id === from || !isSubscribed(plugin, topic)) continue;
      // One guest of a tenant, the same as long as it runs: an event is handled once, and events in their order.
      const guest = guests(plugin, tenant).find(({ isReady }) => isReady);
      if (guest === undefined) continue;
      const queue = queues.get(guest) ?? new EventQueue(guest, plugin, reports);
      queues.set(guest, queue);
      queue.offer({ topic, tenant, chain, params: paramsOf(publication, plugin) });
    }
  };

  return {
    subscribers,
    publish: (topic, payload, tenant) => {
      if (!isTopic(topic)) {
        throw new PaddockError("USAGE_INVALID", `Cannot publish: the topic is not ${TOPIC_WORDS}.`);
      }
      publish({ topic, payload: serialise(topic, payload), tenant, chain: [] });
    },
    provider: {
      capability: "events.publish",
      methods: { "events.publish": publishMethod(publish) },
      close: async () => {
        subscribers.close();
        reports.close();
      },
    },
  };
}

const publishParams = z.strictObject({
  topic: z.string({ error: TOPIC_WORDS }).refine(isTopic, { error: TOPIC_WORDS }),
  payload: z.unknown(),
});

function publishMethod(
  publish: (publication: Publication) => void,
): ProviderMethod<z.output<typeof publishParams>> {
  return {
    params: publishParams,
    asks: ({ topic }): Parameters => ({ topics: [topic] }),
    run: async ({ topic, payload }, { plugin, permissions, tenant, live }) => {
      const chain = [...(live?.chain ?? []), { id: plugin.id, permissions }];
      // Events that call forth events have to end somewhere; they count together with calls between plugins.
      if (chain.length > MAX_CALL_DEPTH) throw tooDeep(topic);
      publish({ topic, payload: serialise(topic, payload), tenant, chain });
      return {};
    },
  };
}

function isSubscribed({ permissions }: LoadedPlugin, topic: string): boolean {
  const topics = permissions["events.subscribe"]?.topics;
  return Array.isArray(topics) && topics.some((pattern) => matchesTopic(pattern, topic));
}

function paramsOf({ topic, payload, tenant, chain }: Publication, { settings }: LoadedPlugin): string {
  const from = chain.at(-1)?.id;
  const about = {
    topic,
    ...(from === undefined ? {} : { from }),
    // A guest that serves every tenant has to be told which.
    ...(settings.share === "plugin" ? { tenant } : {}),
  };
  return `${JSON.stringify(about).slice(0, -1)},"payload":${payload}}`;
}

function serialise(topic: string, payload: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(payload) ?? "null";
  } catch (error) {
    throw new PaddockError("USAGE_INVALID", `Cannot publish "${topic}": the payload is not JSON.`, {
      cause: error,
    });
  }
  if (Buffer.byteLength(text) <= MAX_EVENT_BYTES) return text;
  throw new PaddockError(
    "PAYLOAD_TOO_LARGE",
    `Cannot publish "${topic}": the payload is larger than ${formatSize(MAX_EVENT_BYTES)} of JSON.`,
    { hint: "Publish where it can be found, not the thing itself." },
  );
}

function tooDeep(topic: string): PaddockError {
  return new PaddockError(
    "CALL_TOO_DEEP",
    `Cannot publish "${topic}": ${MAX_CALL_DEPTH} plugins have called one another for it already.`,
    { hint: "Look for plugins whose events call forth each other's in a circle." },
  );
}
