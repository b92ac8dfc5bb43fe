import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const WAYS = {
  read: readFileSync,
  list: readdirSync,
  write: (path) => writeFileSync(path, "through a link"),
};

export default definePlugin({
  actions: {
    attack({ target, way, folder }) {
      const link = `${folder}/link`;
      rmSync(link, { force: true });
      symlinkSync(target, link);
      return String(WAYS[way](link));
    },
  },
});
