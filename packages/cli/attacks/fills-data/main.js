import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const STEP = Buffer.alloc(1024 ** 2, 1);

export default definePlugin({
  actions: {
    /** Tries to write so many bytes in one file, then so many empty files. */
    attack({ bytes, files }) {
      const refused = [];
      let written = 0;
      const file = openSync("/data/big", "w");
      try {
        while (written < bytes) written += writeSync(file, STEP);
      } catch (error) {
        refused.push(`write after ${Math.round(written / STEP.length)} MB: ${error.code}`);
      }
      closeSync(file);
      let made = 0;
      try {
        for (; made < files; made++) writeFileSync(`/data/${made}`, "");
      } catch (error) {
        refused.push(`create after ${made} files: ${error.code}`);
      }
      return { written, made, loot: [], refused };
    },
  },
});
