import { readFileSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    look: () => readFileSync("/etc/passwd", "utf8"),
  },
});
