import { definePlugin } from "@paddock/sdk";

const MAX_LINE_LENGTH = 110;

interface Finding {
  readonly line: number;
  readonly message: string;
}

export default definePlugin({
  actions: {
    review({ text }: { text: string }) {
      const findings: Finding[] = [];
      let level = 0;
      let isCode = false;
      for (const [at, content] of text.split("\n").entries()) {
        if (content.startsWith("```")) isCode = !isCode;
        if (isCode) continue;
        const heading = /^(#+) /.exec(content)?.[1];
        if (heading !== undefined && heading.length > level + 1) {
          findings.push({
            line: at + 1,
            message: `a heading of level ${heading.length} after one of level ${level}`,
          });
        }
        level = heading?.length ?? level;
        if (content.length > MAX_LINE_LENGTH && !content.startsWith("|")) {
          findings.push({ line: at + 1, message: `${content.length} characters` });
        }
      }
      return { findings };
    },
  },
});
