import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const WAYS = {
  empty: (path) => writeFileSync(path, ""),
  folders: (path) => mkdirSync(path),
  links: (path) => symlinkSync("/data/anywhere", path),
  // No inode for each, but an entry with the longest name.
  names: (path, at) => linkSync("/plugin/data/one", path.padEnd(240, String(at % 10))),
};

export default definePlugin({
  actions: {
    /** Stays a while after the last one, for those who watch instead of forbid. */
    async attack({ folder, way, count }) {
      writeFileSync("/plugin/data/one", "");
      for (let at = 0; at < count; at++) WAYS[way](`${folder}/${way}-${at}-`, at);
      for (const end = Date.now() + 1_500; Date.now() < end; ) await new Promise(setImmediate);
      return "made them all";
    },
  },
});
