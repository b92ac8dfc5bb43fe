import { linkSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    /** `bait` is a file of the host. */
    attack({ bait }) {
      const loot = [];
      const refused = [];
      const attempt = (doing, act) => {
        try {
          loot.push(`${doing}: ${act() ?? "done"}`);
        } catch (error) {
          refused.push(`${doing}: ${error.code}`);
        }
      };
      symlinkSync(bait, "/data/way-out");
      attempt("read through a link", () => readFileSync("/data/way-out", "utf8"));
      attempt("write through a link", () => writeFileSync("/data/way-out", "owned"));
      attempt("hard link", () => linkSync(bait, "/data/second-name"));
      attempt("rewrite its own code", () => writeFileSync("/plugin/main.js", "owned"));
      return { loot, refused };
    },
  },
});
