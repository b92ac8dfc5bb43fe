import { readFile } from "node:fs/promises";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    async transform() {
      // Nothing in its manifest asks for files of the host, and nobody granted any.
      const text = await readFile("/etc/passwd", "utf8");
      return { items: text.split("\n").map((line) => ({ line })), refused: [] };
    },
  },
});
