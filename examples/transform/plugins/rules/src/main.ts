import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { definePlugin } from "@paddock/sdk";
import { parseRule, type Rule } from "./parse-rule.ts";

export default definePlugin({
  actions: {
    /** All items in one call: a call for each of a thousand items would cost a thousand trips. */
    async transform({ items }: { items: readonly string[] }, ctx) {
      const buffer = `/tmp/rules-${ctx.call}.ndjson`;
      try {
        const refused = await writeRules(items, buffer);
        ctx.log.info("transformed", { items: items.length, refused: refused.length });
        return { items: await readRules(buffer), refused };
      } finally {
        await rm(buffer, { force: true });
      }
    },
  },
});

/** Records go to the guest's own scratch space as they are made, so that memory holds few of them. */
async function writeRules(lines: readonly string[], path: string): Promise<readonly number[]> {
  const refused: number[] = [];
  const file = createWriteStream(path);
  for (const [index, line] of lines.entries()) {
    const rule = parseRule(line);
    if (rule === undefined) refused.push(index);
    else file.write(`${JSON.stringify(rule)}\n`);
  }
  file.end();
  await finished(file);
  return refused;
}

async function readRules(path: string): Promise<readonly Rule[]> {
  const rules: Rule[] = [];
  for await (const line of createInterface({ input: createReadStream(path) })) {
    // Safe: `writeRules` wrote the line.
    rules.push(JSON.parse(line) as Rule);
  }
  return rules;
}
