import { openSync, writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const BLOCK = Buffer.alloc(65_536, 1);

export default definePlugin({
  actions: {
    attack({ folder }) {
      const file = openSync(`${folder}/filler`, "w");
      for (;;) writeSync(file, BLOCK);
    },
  },
});
