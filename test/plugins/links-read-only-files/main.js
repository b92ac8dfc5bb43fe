import { linkSync, writeFileSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    attack({ path, folder }) {
      linkSync(path, `${folder}/linked`);
      writeFileSync(`${folder}/linked`, "written by a plugin");
    },
  },
});
