/** A topic that is published: parts of small letters, digits, "_" and "-", such as orders.paid. */
const TOPIC = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
const MAX_TOPIC_CHARACTERS = 128;

export const TOPIC_WORDS = `a topic such as orders.paid, at most ${MAX_TOPIC_CHARACTERS} characters`;

export function isTopic(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TOPIC_CHARACTERS && TOPIC.test(value);
}

/** A topic, or all that begin with one: orders.* */
export function isTopicPattern(value: unknown): value is string {
  return typeof value === "string" && isTopic(value.endsWith(".*") ? value.slice(0, -2) : value);
}

export function matchesTopic(pattern: string, topic: string): boolean {
  return pattern.endsWith(".*") ? topic.startsWith(pattern.slice(0, -1)) : pattern === topic;
}
