import { closeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    attack() {
      closeSync(3);
      return new Promise(() => setInterval(() => {}, 1_000));
    },
  },
});
