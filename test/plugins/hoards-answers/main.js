import { writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    async attack({ requests, sleepMs, call }, ctx) {
      await ctx.kv.set("big", "x".repeat(40_000));
      let asked = 0;
      // Straight to the channel: the SDK would go on reading.
      for (const end = Date.now() + sleepMs; asked < requests && Date.now() < end; ) {
        try {
          writeSync(
            3,
            `{"jsonrpc":"2.0","id":${1_000 + asked},"method":"kv.get","params":{"call":${call},"key":"big"}}\n`,
          );
          asked++;
        } catch (error) {
          if (error.code !== "EAGAIN") throw error;
        }
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, sleepMs);
      return asked;
    },
  },
});
