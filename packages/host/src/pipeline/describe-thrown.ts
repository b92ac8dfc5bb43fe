const MAX_WORDS = 200;

/** The first line of what was thrown. A caller may throw anything, whose `message` may throw again. */
export function describeThrown(thrown: unknown): string {
  try {
    const words = thrown instanceof Error ? thrown.message : String(thrown);
    return typeof words === "string" ? (words.split("\n")[0] ?? "").slice(0, MAX_WORDS) : "unknown";
  } catch {
    return "something that cannot be read";
  }
}
