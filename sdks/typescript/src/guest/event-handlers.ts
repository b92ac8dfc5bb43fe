import type { Log } from "../context.js";
import type { EventHandler, Plugin } from "../define-plugin.js";

/** As the capability's: parts of small letters, digits, "_" and "-", and ".*" for all that begins so. */
const TOPIC = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?:\.\*)?$/;

/** The plugin's handlers: by topic, and by what topics begin with, the longest first. */
export interface EventHandlers {
  readonly exact: ReadonlyMap<string, EventHandler>;
  readonly prefixes: readonly (readonly [prefix: string, handler: EventHandler])[];
}

/** Throws TypeError for what cannot be a handler; `undefined` when the plugin has none. */
export function readEventHandlers(plugin: Plugin): EventHandlers | undefined {
  const entries = Object.entries(plugin.events ?? {});
  if (entries.length === 0) return undefined;
  for (const [topic, handler] of entries) {
    if (!TOPIC.test(topic))
      throw new TypeError(`Events of "${topic}": a topic is like orders.paid or orders.*`);
    if (typeof handler !== "function")
      throw new TypeError(`Events of "${topic}": the handler is no function`);
  }
  const prefixes = entries
    .filter(([topic]) => topic.endsWith(".*"))
    .map(([topic, handler]) => [topic.slice(0, -1), handler] as const)
    .sort(([one], [other]) => other.length - one.length);
  return { exact: new Map(entries), prefixes };
}

export function findEventHandler(
  { exact, prefixes }: EventHandlers,
  topic: string,
): EventHandler | undefined {
  return exact.get(topic) ?? prefixes.find(([prefix]) => topic.startsWith(prefix))?.[1];
}

/** Says in the log which handlers will never run, and what would change that. */
export function warnOfDeafHandlers({ exact }: EventHandlers, permission: unknown, log: Log): void {
  const allowed = topicsOf(permission);
  for (const topic of exact.keys()) {
    const isHeard = allowed.some(
      (one) => one === topic || (one.endsWith(".*") && topic.startsWith(one.slice(0, -1))),
    );
    if (isHeard) continue;
    const line = `- { use: events.subscribe, topics: ["${topic}"], reason: "…" }`;
    log.warn(`No events of "${topic}" will come: not permitted. Add "${line}" under permissions.required.`);
  }
}

function topicsOf(permission: unknown): readonly string[] {
  if (typeof permission !== "object" || permission === null || !("topics" in permission)) return [];
  return Array.isArray(permission.topics) ? permission.topics : [];
}
