import { join } from "node:path";
import { Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
          if (input.at === "fail") throw fail("BROKEN", "It broke.");
          if (input.at === "bug") throw new TypeError("no such field");
          if (input.at === "exit") setTimeout(() => process.exit(3), 50);
          if (input.at === "exit") await new Promise(() => {});
          if (input.at === "wait") await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
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
      rows: (input) => Array.from({ length: 20_000 }, (_, n) => (n === input ? "wrong" : { n })),
      typed: () => ({ picture: new Uint8Array(5), width: 3 }),
      async first(input) { for await (const item of input) return item; },
      forget: (_, { kv }) => kv.delete("ended"),
      ended: (_, { kv }) => kv.get("ended"),
    },
  });
`;
const ACTIONS = Object.fromEntries(
  ["describe", "echo", "sum", "collect", "count", "stream", "big", "first", "forget", "ended"].map((name) => [
    name,
    name === "count" ? { errors: { BROKEN: "It is broken." } } : {},
  ]),
);

/** Bytes are null to a schema. */
const TYPED = {
  rows: { output: { type: "array", items: { type: "object" } } },
  typed: {
    output: {
      type: "object",
      properties: { picture: { type: "null" }, width: { type: "number" } },
      required: ["picture", "width"],
      additionalProperties: false,
    },
  },
};
const STORAGE = { permissions: { required: [{ use: "storage.kv", max: "64KB", reason: "Remembers." }] } };

let before: Holdings;
let home: TemporaryHome;
let host: Host;
beforeAll(async () => {
  home = await makeTemporaryHome();
  const folder = join(home.path, "streamer");
  await writePlugin(folder, { actions: { ...ACTIONS, ...TYPED }, code: CODE, more: STORAGE });
  before = holdings();
  host = await createHost({ home: join(home.path, "home"), limits: { result: "8MB" } });
  await host.load(folder);
});
afterAll(async () => {
  await host.close();
  expect(await leftSince(before)).toEqual([]);
  await home.remove();
});

// Safe: it is what the action returns.
const countTo = (input: object, options = {}) =>
  call("count", input, options) as Promise<AsyncIterableIterator<unknown>>;

const call = (action: string, payload: unknown, options = {}) =>
  host.call("acme/probe", action, payload, options);

/** Asked again until the plugin has noticed: a consumer's leaving takes a moment to get there. */
const endedWith = (value: string) => expect.poll(() => call("ended", null)).toBe(value);

async function* counting(to: number, onEnd: () => void = () => undefined) {
  try {
    for (let n = 0; n < to; n++) yield { n };
  } finally {
    onEnd();
  }
}

const failureOf = (pending: Promise<unknown>) =>
  pending.then(
    (value) => ({ answered: value }),
    (error: unknown) => error,
  );

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

  it("flow: more than anybody would hold", async () => {
    const size = 40 * 1024 * 1024;
    let left = size;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        const length = Math.min(left, 256 * 1024);
        left -= length;
        if (length === 0) controller.close();
        else controller.enqueue(new Uint8Array(length));
      },
    });
    expect(await call("sum", source)).toBe(size);
  });

  it("may be Node's own streams", async () => {
    expect(
      await call("sum", Readable.from([Buffer.from("abc"), Buffer.from("de")], { objectMode: false })),
    ).toBe(5);
  });

  it("may be items, of JSON and of bytes", async () => {
    expect(await call("collect", counting(3))).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    const mixed = (async function* () {
      yield "a\nb";
      yield new Uint8Array([10, 64]);
      yield null;
    })();
    expect(await call("collect", mixed)).toEqual(["a\nb", new Uint8Array([10, 64]), null]);
  });

  it("stop when the plugin does not read them to their end", async () => {
    let onEnd = () => {};
    const ended = new Promise<void>((resolve) => {
      onEnd = resolve;
    });
    expect(await call("first", counting(Number.POSITIVE_INFINITY, onEnd))).toEqual({ n: 0 });
    await ended;
  });

  it("fail as the caller's mistake", async () => {
    const broken = (async function* () {
      yield 1;
      throw new Error("the caller's own");
    })();
    const error = await failureOf(call("collect", broken));
    expect(error).toMatchObject({ code: "USAGE_INVALID", cause: new Error("the caller's own") });
  });

  it("that somebody reads already are refused", async () => {
    const stream = new Blob(["x"]).stream();
    stream.getReader();
    expect(await failureOf(call("sum", stream))).toMatchObject({ code: "USAGE_INVALID" });
  });
});

describe("streams of an answer", () => {
  it("give bytes as they come", async () => {
    // Safe: that is what the action returns.
    const stream = (await call("stream", 3_000_000)) as ReadableStream<Uint8Array>;
    let bytes = 0;
    for await (const chunk of stream) bytes += chunk.length;
    expect(bytes).toBe(3_000_000);
  });

  it("give chunks that may be handed on to somebody else, memory and all", async () => {
    // Safe: it is what the action returns.
    const stream = (await call("stream", 8 * 1024 * 1024)) as ReadableStream<Uint8Array<ArrayBuffer>>;
    let sum = 0;
    for await (const chunk of stream) {
      const moved = structuredClone(chunk, { transfer: [chunk.buffer] });
      for (const byte of moved) sum += byte;
    }
    expect(sum).toBe(7 * 8 * 1024 * 1024);
  });

  it("give items as they come", async () => {
    const items: unknown[] = [];
    for await (const item of await countTo({ to: 1_000 })) items.push(item);
    expect(items).toEqual(Array.from({ length: 1_000 }, (_, n) => ({ n })));
    await endedWith("count");
  });

  it.each([
    ["fail", { code: "PLUGIN_ERROR", data: { pluginCode: "BROKEN" } }],
    ["bug", { code: "PLUGIN_BUG" }],
    ["exit", { code: "CRASHED", data: { evidence: { exitCode: 3 } } }],
  ])("that end with a %s say so after what came before", async (at, error) => {
    const items: unknown[] = [];
    const failure = failureOf(
      (async () => {
        for await (const item of await countTo({ to: 3, at })) items.push(item);
      })(),
    );
    expect(await failure).toMatchObject(error);
    expect(items.length).toBe(3);
  });

  it("stop their producer when the consumer leaves", async () => {
    for await (const item of await countTo({ to: 1e9 })) {
      expect(item).toEqual({ n: 0 });
      break;
    }
    await endedWith("count");
  });

  it("end at the caller's deadline, and the producer with them", async () => {
    const started = performance.now();
    const iterator = await countTo({ to: 1, at: "wait" }, { timeoutMs: 300 });
    const items: unknown[] = [];
    const error = await failureOf(
      (async () => {
        for await (const item of iterator) items.push(item);
      })(),
    );
    expect(error).toMatchObject({ code: "TIMEOUT" });
    expect(items).toEqual([{ n: 0 }]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it("stop when the caller forgets them", async () => {
    await call("forget", null);
    await (async () => void (await (await countTo({ to: 1e9 })).next()))();
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    await expect
      .poll(async () => {
        collect();
        return await call("ended", null);
      })
      .toBe("count");
  });

  it("keep the call's rights until they end, and no longer", async () => {
    await call("forget", null);
    for await (const _item of await countTo({ to: 5 }));
    await endedWith("count");
  });

  it("end when the caller cancels", async () => {
    const abort = new AbortController();
    const iterator = await countTo({ to: 1, at: "wait" }, { signal: abort.signal });
    await iterator.next();
    const next = failureOf(iterator.next());
    abort.abort();
    expect(await next).toMatchObject({ code: "CANCELLED" });
  });
});

describe("large JSON", () => {
  it("goes and comes like small JSON", async () => {
    const big = Array.from({ length: 40_000 }, (_, n) => ({ n, text: `row ${n} ü` }));
    expect(await call("echo", big)).toEqual(big);
    const text = "é".repeat(1_000_000);
    expect(await call("echo", { text, bytes: new Uint8Array(3) })).toEqual({
      text,
      bytes: new Uint8Array(3),
    });
  });

  it("keeps names that mean something to a prototype", async () => {
    const text = `{"__proto__":{"a":1},"constructor":2,"pad":"${"x".repeat(70_000)}"}`;
    expect(JSON.stringify(await call("echo", JSON.parse(text)))).toBe(text);
  });

  it("is checked against the schema of the action", async () => {
    expect(await call("rows", -1)).toHaveLength(20_000);
    expect(await failureOf(call("rows", 19_999))).toMatchObject({
      code: "OUTPUT_INVALID",
      message: expect.stringContaining("[19999]"),
    });
    expect(await call("typed", null)).toEqual({ picture: new Uint8Array(5), width: 3 });
  });

  it("is bounded by limits.result", async () => {
    expect(await failureOf(call("big", 300_000))).toMatchObject({ code: "RESULT_TOO_LARGE" });
  });
});

describe("a guest that serves one call only", () => {
  it("lives until the streams of its answer have ended", async () => {
    const alone = await createHost({
      home: join(home.path, "alone"),
      defaults: { share: "call" },
    });
    try {
      await alone.load(join(home.path, "streamer"));
      // Safe: that is what the action returns.
      const items = (await alone.call("acme/probe", "count", { to: 2_000 })) as AsyncIterable<unknown>;
      let count = 0;
      for await (const _item of items) count++;
      expect(count).toBe(2_000);
    } finally {
      await alone.close();
    }
  });
});
