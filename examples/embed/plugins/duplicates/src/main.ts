import { definePlugin } from "@paddock/sdk";

/** Lines that differ in fewer characters than this are nearly the same. */
const NEARLY = 5;
const MIN_LINE_LENGTH = 20;

export default definePlugin({
  actions: {
    review({ text }: { text: string }) {
      const lines = text.split("\n");
      const findings: { readonly line: number; readonly message: string }[] = [];
      // Every line with every other, there and back: the mistake that this plugin is here for.
      for (const [at, line] of lines.entries()) {
        const twin = lines.findIndex((other, otherAt) => otherAt !== at && distance(line, other) < NEARLY);
        if (twin > at && line.length >= MIN_LINE_LENGTH) {
          findings.push({ line: at + 1, message: `nearly the same as line ${twin + 1}` });
        }
      }
      return { findings };
    },
  },
});

/** Levenshtein's. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const change = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
