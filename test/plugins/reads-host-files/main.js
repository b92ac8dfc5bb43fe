import { readdirSync, readFileSync, statSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    attack({ path }) {
      return statSync(path).isDirectory() ? readdirSync(path) : readFileSync(path, "latin1");
    },
  },
});
