import { definePlugin } from "@paddock/sdk";

/** A Markdown link to a file. */
const LINK = /\]\(([^)#:]+)(?:#[^)]*)?\)/g;

export default definePlugin({
  actions: {
    review({ text }: { text: string }) {
      for (const [, target = ""] of text.matchAll(LINK)) {
        // It sees no file of the host's, so no link leads anywhere: the mistake that this plugin is here for.
        if (target !== "") process.exit(1);
      }
      return { findings: [] };
    },
  },
});
