import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createHost, type Host } from "@paddock/host";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../test/plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../../../../test/plugins/host-behaviours/write-plugin.js";
import { type ControlClient, connectControl } from "../control-client.js";
import { type ControlServer, createControlServer } from "../control-server.js";

const PLUGIN = "acme/streams";
const CODE = `
  let cancelled = 0;
  export default definePlugin({ actions: {
    count: async function* (to) { for (let at = 1; at <= to; at++) yield at; },
    errors: async function* () { yield { error: { code: "TIMEOUT", message: "looks like one" } }; },
    fails: async function* () { yield 1; throw fail("NOT_TODAY"); },
    forever: async function* (_, ctx) {
      ctx.signal.addEventListener("abort", () => { cancelled++; });
      try { for (let at = 0; ; at++) { yield at; await new Promise((resolve) => setTimeout(resolve, 5)); } }
      finally { cancelled++; }
    },
    cancelled: () => cancelled,
    size: async (input) => {
      if (input instanceof Uint8Array) return input.length;
      let bytes = 0;
      for await (const piece of input) bytes += piece.length;
      return bytes;
    },
    bytes: (n) => new Uint8Array(n).fill(7),
    stream: (n) => new ReadableStream({ start(c) { for (let at = 0; at < n; at++) c.enqueue(new Uint8Array(1000)); c.close(); } }),
    inside: () => ({ picture: new Uint8Array([1, 2]) }),
    hidden: () => ({ stream: new ReadableStream({ start(c) { c.enqueue(new Uint8Array(1)); c.close(); } }) }),
  } });`;

let home: TemporaryHome;
let host: Host;
let server: ControlServer;
let client: ControlClient;

beforeAll(async () => {
  home = await makeTemporaryHome();
  const names = [
    "count",
    "errors",
    "fails",
    "forever",
    "cancelled",
    "size",
    "bytes",
    "stream",
    "inside",
    "hidden",
  ];
  const actions = Object.fromEntries(names.map((name) => [name, {}]));
  await writePlugin(join(home.path, "streams"), {
    id: PLUGIN,
    actions: { ...actions, fails: { errors: { NOT_TODAY: "It is closed." } } },
    code: CODE,
  });
  host = await createHost({ home: join(home.path, "home") });
  await host.load(join(home.path, "streams"));
  server = await createControlServer(host, { path: join(home.path, "home/control/paddock.sock") });
  client = await connectControl(server.path);
});
afterAll(async () => {
  await client.close();
  await server.close();
  await host.close();
  await home.remove();
});

const call = (action: string, payload: unknown = null, signal?: AbortSignal) =>
  client.call(PLUGIN, action, { payload, signal });

async function itemsOf(action: string, payload?: unknown): Promise<readonly unknown[]> {
  const answer = await call(action, payload);
  if (answer.kind !== "items") throw new Error(answer.kind);
  const items: unknown[] = [];
  for await (const item of answer.items) items.push(item);
  return items;
}

async function sizeOf(action: string, payload: number): Promise<number> {
  const answer = await call(action, payload);
  if (answer.kind !== "bytes") throw new Error(answer.kind);
  let size = 0;
  for await (const piece of answer.bytes) size += piece.length;
  return size;
}

it("sends items as they are made, whatever they look like", async () => {
  expect(await itemsOf("count", 3)).toEqual([1, 2, 3]);
  expect(await itemsOf("count", 0)).toEqual([]);
  expect(await itemsOf("errors")).toEqual([{ error: { code: "TIMEOUT", message: "looks like one" } }]);
});

it("says at the end of a stream why it failed", async () => {
  const answer = await call("fails");
  if (answer.kind !== "items") throw new Error(answer.kind);
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const item of answer.items) seen.push(item);
  })();
  await expect(reading).rejects.toMatchObject({ code: "PLUGIN_ERROR", data: { pluginCode: "NOT_TODAY" } });
  expect(seen).toEqual([1]);
});

it("carries bytes both ways, at once and as streams", async () => {
  expect(await sizeOf("bytes", 100_000)).toBe(100_000);
  expect(await sizeOf("stream", 300)).toBe(300_000);
  expect(await call("size", Readable.from([Buffer.alloc(500_000), Buffer.alloc(1)]))).toEqual({
    kind: "json",
    value: 500_001,
  });
});

it("writes bytes inside of JSON as base64, and refuses a stream there", async () => {
  expect(await call("inside")).toEqual({ kind: "json", value: { picture: { base64: "AQI=" } } });
  await expect(call("hidden")).rejects.toMatchObject({ code: "OUTPUT_INVALID" });
});

it("cancels a stream whose reader went away", async () => {
  const stop = new AbortController();
  const answer = await call("forever", null, stop.signal);
  if (answer.kind !== "items") throw new Error(answer.kind);
  await expect(
    (async () => {
      for await (const item of answer.items) if (item === 3) stop.abort();
    })(),
  ).rejects.toThrow();
  for (let seen: unknown = 0; seen === 0; ) {
    const count = await call("cancelled");
    seen = count.kind === "json" ? count.value : 0;
  }
});

it("refuses a payload that is larger than any host takes, before it is sent", async () => {
  await expect(call("size", "x".repeat(17 * 1024 ** 2))).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  await expect(call("size", "x".repeat(5 * 1024 ** 2))).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
});

it("says so when the bytes to send cannot be read", async () => {
  const bytes = createReadStream(join(home.path, "missing"));
  await expect(call("size", bytes)).rejects.toMatchObject({ code: "USAGE_INVALID" });
});

it("says that the host is gone when it ends while it answers", async () => {
  const path = join(home.path, "home/control2/paddock.sock");
  const other = await createControlServer(host, { path });
  const one = await connectControl(path);
  const reading = (async () => {
    for await (const line of one.usage({ everyMs: 200 })) if (line.plugins.length > 0) await other.close();
  })();
  // A server that closes in order ends its streams; only one that is cut off is an error.
  await reading;
  await expect(one.list()).rejects.toMatchObject({ code: "HOST_UNREACHABLE" });
  await one.close();
});
