import { writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const CHANNEL = 3;

function send(bytes) {
  for (let rest = bytes; rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(CHANNEL, rest));
    } catch (error) {
      // The host reads no faster than it wants to.
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

export default definePlugin({
  actions: {
    /** `parts` are text or base64, each as often as it says; answers nothing by itself unless told to. */
    attack({ parts, answers }) {
      for (const { text, base64, times = 1 } of parts) {
        const bytes = base64 === undefined ? Buffer.from(text) : Buffer.from(base64, "base64");
        const many = Buffer.alloc(Math.min(bytes.length * times, 1024 ** 2), bytes);
        for (let left = bytes.length * times; left > 0; left -= many.length) send(many.subarray(0, left));
      }
      return answers ? "answered in the ordinary way" : new Promise(() => setInterval(() => {}, 1_000));
    },
  },
});
