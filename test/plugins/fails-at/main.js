import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

// A test writes it beside this file.
const { moment, way, always = false } = JSON.parse(readFileSync("/plugin/moment.json", "utf8"));
/** Only the first guest of a tenant fails, unless all of them shall. */
const MARK = "/data/failed";

const WAYS = {
  crash: () => process.abort(),
  hang: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
};

function at(here) {
  if (here !== moment || (existsSync(MARK) && !always)) return;
  writeFileSync(MARK, here);
  WAYS[way]();
}

const soon = (here) => setTimeout(() => at(here), 20);

at("import");

export default definePlugin({
  init() {
    at("init");
    soon("after-init");
  },
  health() {
    at("health");
    return true;
  },
  suspend: () => at("suspend"),
  resume: () => at("resume"),
  shutdown: () => at("shutdown"),
  events: { "fault.now": () => at("event") },
  actions: {
    call(input) {
      at("call");
      soon("between-calls");
      return input;
    },
    async *write() {
      for (let item = 0; item < 3; item++) yield item;
      at("streaming");
      yield 3;
    },
    async read(bytes) {
      let size = 0;
      for await (const chunk of bytes) {
        size += chunk.length;
        at("reading");
      }
      return size;
    },
    async request(input, ctx) {
      const pending = ctx.kv.set("key", input);
      if (moment === "requesting") setImmediate(() => at("requesting"));
      await pending;
      if (moment === "requesting" && !existsSync(MARK)) await new Promise(() => setInterval(() => {}, 1_000));
      return input;
    },
    async slow(ms) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      at("draining");
      return ms;
    },
  },
});
