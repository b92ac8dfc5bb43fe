import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../test/plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../../../../test/plugins/host-behaviours/write-plugin.js";
import { createHost } from "../host.js";
import type { Host } from "../host-interface.js";

const CODE = `
  export default definePlugin({
    actions: {
      describe: (input) => Object.fromEntries(Object.entries(input).map(([name, value]) =>
        [name, value?.constructor?.name + (value instanceof Uint8Array ? ":" + value.length : "")])),
      echo: (input) => input,
      async sum(input) {
        let bytes = 0;
        for await (const chunk of input) bytes += chunk.length;
        return bytes;
      },
      async collect(input) {
        const items = [];
        for await (const item of input) items.push(item);
        return items;
      },
      async *count(input, ctx) {
        try {
          for (let n = 0; n < input.to; n++) yield { n };
          if (input.then === "fail") throw fail("BROKEN", "It broke.");
          if (input.then === "bug") throw new TypeError("no such field");
          if (input.then === "exit") process.exit(3);
          if (input.then === "wait") await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
        } finally {
          await ctx.kv.set("ended", "count").catch(() => undefined);
        }
      },
      stream: (input) => new ReadableStream({
        start(controller) { this.left = input; },
        pull(controller) {
          if (this.left === 0) return controller.close();
          const size = Math.min(this.left, 65536);
          this.left -= size;
          controller.enqueue(new Uint8Array(size).fill(7));
        },
      }),
      big: (input) => Array.from({ length: input }, (_, n) => ({ n, text: "row " + n })),
      ended: (_, { kv }) => kv.get("ended"),
    },
  });
`;
const ACTIONS = Object.fromEntries(
  ["describe", "echo", "sum", "collect", "count", "stream", "big", "ended"].map((name) => [
    name,
    name === "count" ? { errors: { BROKEN: "It is broken." } } : {},
  ]),
);

const STORAGE = { permissions: { required: [{ use: "storage.kv", max: "64KB", reason: "Remembers." }] } };

let before: Holdings;
let home: TemporaryHome;
let host: Host;
beforeAll(async () => {
  home = await makeTemporaryHome();
  const folder = join(home.path, "streamer");
  await writePlugin(folder, { actions: ACTIONS, code: CODE, more: STORAGE });
  before = holdings();
  host = await createHost({ home: join(home.path, "home") });
  await host.load(folder);
});
afterAll(async () => {
  await host.close();
  expect(await leftSince(before)).toEqual([]);
  await home.remove();
});

const call = (action: string, payload: unknown, options = {}) =>
  host.call("acme/probe", action, payload, options);

describe("bytes and streams of a payload", () => {
  it("arrive as what they are, at any place", async () => {
    const payload = {
      a: new Uint8Array(10),
      b: new ArrayBuffer(5),
      c: new Blob(["text"]),
      d: new Blob(["stream"]).stream(),
    };
    expect(await call("describe", payload)).toEqual({
      a: "Uint8Array:10",
      b: "Uint8Array:5",
      c: "Uint8Array:4",
      d: "ReadableStream",
    });
  });

  it("come back as they went", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    expect(await call("echo", bytes)).toEqual(bytes);
    expect(await call("echo", { list: [1, bytes, { deep: bytes }] })).toEqual({
      list: [1, bytes, { deep: bytes }],
    });
  });
});
