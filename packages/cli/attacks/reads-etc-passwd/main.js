import { readFileSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const PASSWD = ["/etc/passwd", "/proc/1/root/etc/passwd", "../../../../../etc/passwd"];

export default definePlugin({
  actions: {
    /** `bait` is a file that only the host should be able to read. */
    attack({ bait }) {
      const loot = [];
      const refused = [];
      for (const path of [...PASSWD, bait]) {
        try {
          loot.push(readFileSync(path, "utf8").slice(0, 1_000));
        } catch (error) {
          refused.push(`open ${path === bait ? "a file of the host" : path}: ${error.code}`);
        }
      }
      return { loot, refused };
    },
  },
});
