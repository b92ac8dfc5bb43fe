import { openSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const WAYS = {
  truncate(path) {
    writeFileSync(path, "");
    truncateSync(path, 2 ** 40);
  },
  seek: (path) => writeSync(openSync(path, "w"), "x", 2 ** 40),
};

export default definePlugin({ actions: { attack: ({ folder, way }) => WAYS[way](`${folder}/sparse`) } });
