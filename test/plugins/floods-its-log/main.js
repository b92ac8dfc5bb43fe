import { writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const SHAPES = {
  "one endless line": Buffer.alloc(65_536, "x"),
  "empty lines": Buffer.alloc(65_536, "\n"),
  "control characters": Buffer.alloc(65_536, `${"\x1b[2J\x07".repeat(50)}\n`),
  "short lines": Buffer.alloc(65_536, "a line\n"),
  "broken utf-8": Buffer.alloc(65_536, Buffer.from([0xff, 0xc0, 0x0a])),
};

export default definePlugin({
  actions: {
    async attack({ shape, stream, ms }, ctx) {
      const bytes = SHAPES[shape];
      for (const end = Date.now() + ms; Date.now() < end; ) {
        if (stream === "log") {
          for (let at = 0; at < 500; at++) ctx.log.info("x".repeat(100), { at });
          await new Promise(setImmediate);
          continue;
        }
        try {
          writeSync(stream, bytes);
        } catch (error) {
          if (error.code !== "EAGAIN") throw error;
        }
      }
      return "said it all";
    },
  },
});
