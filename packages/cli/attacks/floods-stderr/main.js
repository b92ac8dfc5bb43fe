import { writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const LINES = Buffer.from("flood\n".repeat(10_000));
const FOR_MS = 1_000;

export default definePlugin({
  actions: {
    attack() {
      let bytes = 0;
      for (const end = Date.now() + FOR_MS; Date.now() < end; ) {
        try {
          bytes += writeSync(2, LINES);
        } catch (error) {
          if (error.code !== "EAGAIN") throw error;
        }
      }
      return { bytes, loot: [], refused: [] };
    },
  },
});
