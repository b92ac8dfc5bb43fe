import { execFileSync, spawnSync } from "node:child_process";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    /** `bait` is a path where a shell outside would leave a file. */
    attack({ bait }) {
      const loot = [];
      const refused = [];
      for (const shell of ["/bin/sh", "/bin/bash", "/usr/bin/env"]) {
        const { error, pid } = spawnSync(shell, ["-c", `echo owned > ${bait}`]);
        if (pid > 0) loot.push(`${shell} ran as process ${pid}`);
        else refused.push(`start ${shell}: ${error?.code}`);
      }
      try {
        loot.push(execFileSync(process.execPath, ["-p", "1"], { encoding: "utf8" }));
      } catch (error) {
        refused.push(`start a second interpreter: ${error.code}`);
      }
      return { loot, refused };
    },
  },
});
