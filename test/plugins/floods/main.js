import { writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const LINES = Buffer.alloc(65_536, "a line of a flood\n");
const ignore = () => {};

function write(descriptor) {
  try {
    writeSync(descriptor, LINES);
  } catch (error) {
    if (error.code !== "EAGAIN") throw error;
  }
}

const WAYS = {
  stdout: () => write(1),
  stderr: () => write(2),
  log: (ctx) => ctx.log.info("x".repeat(200), { more: "y".repeat(200) }),
  progress: (ctx) => ctx.progress(Math.random(), "x".repeat(200)),
  requests: (ctx) => void ctx.kv.get("key").catch(ignore),
  writes: (ctx) => void ctx.kv.set("key", "x".repeat(1_000)).catch(ignore),
  events: (ctx) => void ctx.events.publish("flood.drop", "x".repeat(500)).catch(ignore),
};

export default definePlugin({
  // One event takes longer than any flood.
  events: { "flood.slow": () => new Promise((resolve) => setTimeout(resolve, 60_000).unref()) },
  actions: {
    async flood({ way, ms }, ctx) {
      for (const end = Date.now() + ms; Date.now() < end; ) {
        for (let at = 0; at < 200; at++) WAYS[way](ctx);
        await new Promise(setImmediate);
      }
      return "said it all";
    },
    async *items() {
      for (;;) yield "x".repeat(1_000);
    },
  },
});
