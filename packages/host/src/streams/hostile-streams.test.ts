import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGuestBench, type GuestBench } from "../../../../test/plugins/host-behaviours/guest-bench.js";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";

/** A guest with frames of its own: `data` writes one; answers are sent with whatever is beside them. */
const hostile = (onCall: string) => `
  const data = new net.Socket({ fd: 4 });
  data.on("error", () => {});
  const frame = (type, stream, payload = Buffer.alloc(0), length = payload.length) => {
    const header = Buffer.alloc(9);
    header.writeUInt8(type, 0); header.writeUInt32BE(stream, 1); header.writeUInt32BE(length, 5);
    data.write(Buffer.concat([header, payload]));
  };
  let onData = () => {};
  data.on("data", (chunk) => onData(chunk));
  function on(m) {
    if (m.method === "initialize") return welcome(m, { data: true });
    if (m.method === "ping") return send({ id: m.id, result: { ready: true } });
    if (m.method === "shutdown") return process.exit(0);
    if (m.method === "call") { ${onCall} }
  }
`;

/** Announces one stream at the top, and goes on when the host has given credit. */
const withStream = (kind: string, then: string, bytes?: number) =>
  hostile(`
    onData = (chunk) => { ${then} };
    send({ id: m.id, result: null, attachments: [{ at: "", stream: 1, kind: "${kind}", bytes: ${bytes} }] });
  `);

/** The same with a second one, which stays open. */
const withTwoStreams = (then: string) =>
  hostile(`
    onData = (chunk) => { ${then} };
    send({ id: m.id, result: [null, null], attachments: [0, 1].map((n) => ({ at: "/" + n, stream: n + 1, kind: "byteStream" })) });
  `);

let before: Holdings;
let bench: GuestBench;
beforeEach(async () => {
  before = holdings();
  bench = await createGuestBench();
});
afterEach(async () => {
  await bench.close();
  expect(await leftSince(before)).toEqual([]);
});

describe("a guest that breaks the rules of streams is ended", () => {
  it.each([
    ["an unknown type", withStream("bytes", "frame(9, 1);"), "unknown type 9"],
    ["a giant length", withStream("bytes", "frame(1, 1, Buffer.alloc(1), 0xffffffff);"), "4294967295 bytes"],
    ["data without credit", hostile("frame(1, 1, Buffer.alloc(10));"), "never announced"],
    ["data before the first credit", withTwoStreams("frame(1, 2, Buffer.alloc(10));"), "without credit"],
    ["data after the end", withTwoStreams("frame(2, 1); frame(1, 1, Buffer.alloc(1));"), "is closed"],
    ["two ends", withTwoStreams("frame(2, 1); frame(2, 1);"), "is closed"],
    [
      "credit for a stream of the host's that is none",
      hostile("frame(4, 5, Buffer.from([0, 0, 0, 1]));"),
      "stream 5",
    ],
    [
      "an error that is none",
      withStream("bytes", 'frame(3, 1, Buffer.from("[]"));'),
      "without an error object",
    ],
    [
      "a number used twice",
      hostile(
        'send({ id: m.id, result: [null, null], attachments: [{ at: "/0", stream: 1, kind: "bytes" }, { at: "/1", stream: 1, kind: "bytes" }] });',
      ),
      "announced after",
    ],
    [
      "a place that does not exist",
      hostile(
        'send({ id: m.id, result: {}, attachments: [{ at: "/__proto__", stream: 1, kind: "bytes" }] });',
      ),
      "leads nowhere",
    ],
    [
      "attachments of an answer that nobody waits for",
      hostile('send({ id: 77, result: null, attachments: [{ at: "", stream: 1, kind: "bytes" }] });'),
      "nobody waits for",
    ],
    [
      "more bytes than it announced",
      withStream("bytes", "frame(1, 1, Buffer.alloc(11)); frame(2, 1);", 10),
      "not as many as it announced",
    ],
    [
      "fewer bytes than it announced",
      withStream("bytes", "frame(1, 1, Buffer.alloc(9)); frame(2, 1);", 10),
      "not as many as it announced",
    ],
    [
      "JSON that is none",
      withStream("json", 'frame(1, 1, Buffer.from("nonsense")); frame(2, 1);'),
      "not JSON",
    ],
  ])("%s", async (_, behaviour, words) => {
    const plugin = await bench.createPlugin(behaviour);
    const pending = bench.call(plugin, { timeoutMs: 5_000 }).then(async (answer) => {
      // A stream was answered before its data came: who reads it learns of the end.
      for (const one of Array.isArray(answer) ? answer : [answer]) {
        if (one instanceof ReadableStream) for await (const _chunk of one);
      }
      return answer;
    });
    expect(await bench.failureOf(pending)).toMatchObject({
      code: "PROTOCOL_VIOLATION",
      message: expect.stringMatching(words),
    });
  });

  it("more data than its credit", async () => {
    const plugin = await bench.createPlugin(
      withStream("byteStream", "for (let n = 0; n < 8; n++) frame(1, 1, Buffer.alloc(262144));"),
    );
    // Safe: that is what a byte stream becomes.
    const reader = ((await bench.call(plugin)) as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    // It reads no more, and so gives no more, until the guest is gone.
    await expect.poll(() => bench.supervisor.report(plugin)).toEqual([]);
    const failure = bench.failureOf(
      (async () => {
        // What came within its credit may still be there.
        while (!(await reader.read()).done);
      })(),
    );
    expect(await failure).toMatchObject({
      code: "PROTOCOL_VIOLATION",
      message: expect.stringContaining("data without credit"),
    });
  });

  it("an item that is no JSON", async () => {
    const plugin = await bench.createPlugin(
      withStream("items", 'frame(1, 1, Buffer.from("1\\nnonsense\\n"));'),
    );
    // Safe: that is what items become.
    const items = (await bench.call(plugin)) as AsyncIterableIterator<unknown>;
    expect(await items.next()).toEqual({ done: false, value: 1 });
    expect(await bench.failureOf(items.next())).toMatchObject({ code: "PROTOCOL_VIOLATION" });
  });
});

describe("a guest that floods", () => {
  it("is held at its credit while nobody reads, in frames of one byte too", async () => {
    const plugin = await bench.createPlugin(
      withStream(
        "byteStream",
        `const one = Buffer.from([1, 0, 0, 0, 1, 0, 0, 0, 1, 65]);
         const many = Buffer.concat(Array.from({ length: 20000 }, () => one));
         for (let n = 0; n < 52; n++) data.write(many);`,
      ),
      { memoryBytes: 256 * 1024 * 1024 },
    );
    const answer = await bench.call(plugin, { timeoutMs: 20_000 });
    // Safe: that is what a byte stream becomes.
    const reader = (answer as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    const heapBefore = process.memoryUsage().rss;
    await wait(300);
    expect(process.memoryUsage().rss - heapBefore).toBeLessThan(64 * 1024 * 1024);
    await reader.cancel();
  });

  it("with a stream that never ends is ended at the operator's limit, and its caller learns why", async () => {
    const plugin = await bench.createPlugin(withStream("byteStream", "frame(1, 1, Buffer.from('x'));"));
    // Safe: that is what a byte stream becomes.
    const reader = ((await bench.call(plugin)) as ReadableStream<Uint8Array>).getReader();
    expect((await reader.read()).value?.length).toBe(1);
    expect(await bench.failureOf(reader.read())).toMatchObject({ code: "TIMEOUT" });
  });
});

describe("a guest without a descriptor for data", () => {
  it("gets large JSON in a line, and no bytes", async () => {
    const plugin = await bench.createPlugin(
      `function on(m) { if (m.method === "initialize") return welcome(m); if (m.method === "ping") return send({ id: m.id, result: {} });
        if (m.method === "shutdown") return process.exit(0); if (m.method === "call") send({ id: m.id, result: m.params.payload.length }); }`,
    );
    expect(await bench.call(plugin, {}, JSON.stringify("x".repeat(200_000)))).toBe(200_000);
    const value = {
      kind: "bytes" as const,
      heldBytes: 0,
      isReplayable: true,
      open: () => ({ next: () => undefined, cancel: () => undefined }),
    };
    expect(await bench.failureOf(bench.call(plugin, { attachments: [{ at: "", value }] }))).toMatchObject({
      code: "USAGE_INVALID",
    });
  });
});
