import { writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

/** The descriptor that the guest and the host talk over. */
const CHANNEL = 3;

export default definePlugin({
  actions: {
    attack() {
      writeSync(CHANNEL, '{"jsonrpc":"2.0","id":1,"result":"forged"}\n\u0000\u0001 garbage [[[[\n');
      return new Promise(() => {});
    },
  },
});
