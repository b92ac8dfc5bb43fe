import { readFileSync, writeFileSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    attack({ text }) {
      if (text !== undefined) writeFileSync("/data/kept", text);
      return readFileSync("/data/kept", "utf8");
    },
  },
});
