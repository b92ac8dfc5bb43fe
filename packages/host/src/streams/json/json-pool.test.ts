import { type ByteSource, Multiplexer } from "@paddock/contract";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ANSWER_WORKER_FILE } from "../../pipeline/answer-worker-file.js";
import { decodeText } from "../guest-data.js";
import { TreeJoiner } from "./join-tree.js";
import { JsonPool } from "./json-pool.js";
import { splitTree } from "./split-tree.js";

const pool = new JsonPool(ANSWER_WORKER_FILE);
afterAll(() => pool.close());

/** A stream that holds these bytes: two multiplexers, each the other's descriptor. */
function streamOf(bytes: Uint8Array) {
  const port = (to: () => Multiplexer) => ({
    write: (header: Uint8Array, payload: Uint8Array | undefined) => {
      setImmediate(() => {
        expect(to().push(header)).toBeUndefined();
        if (payload !== undefined) expect(to().push(payload)).toBeUndefined();
      });
    },
    // The bytes are the test's.
    reusesMemory: true,
    isFull: () => false,
    encodeError: () => new Uint8Array(2),
    decodeText,
  });
  const reader: Multiplexer = new Multiplexer(port(() => writer));
  const writer: Multiplexer = new Multiplexer(port(() => reader));
  let at = 0;
  const source: ByteSource = {
    next: () => {
      const piece = bytes.subarray(at, at + 65_536);
      at += piece.length;
      return piece.length === 0 ? undefined : piece;
    },
    cancel: () => undefined,
  };
  const { id } = writer.open(source);
  const stream = reader.accept(id, (error) => error);
  if (typeof stream === "string") throw new Error(stream);
  return stream;
}

const read = (text: string, schema?: unknown, maxBytes = 64 * 1024 * 1024) =>
  pool.read(streamOf(Buffer.from(text)), { maxBytes, schema, owner: "acme/x" });

describe("a tree in pieces", () => {
  it("is the same when it is joined, whatever is in it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(3), (value, times) => {
        const grown = Array.from({ length: times * 400 }, () => value);
        const joiner = new TreeJoiner();
        // As JSON, which is what it came from.
        const tree: unknown = JSON.parse(JSON.stringify({ grown, value }));
        for (const steps of splitTree(tree)) joiner.apply(structuredClone(steps));
        expect(joiner.root).toEqual(tree);
      }),
    );
  });
});

describe("a large answer", () => {
  it.each([
    ["a list", JSON.stringify(Array.from({ length: 50_000 }, (_, n) => ({ n, list: [n, [n]] })))],
    ["a long text", JSON.stringify("é".repeat(500_000))],
    [
      "many names",
      JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`n${n}`, n]))),
    ],
    ["a number", "12"],
    ["names of a prototype", `{"__proto__":{"x":1},"constructor":[],"pad":[${"1,".repeat(5_000)}1]}`],
  ])("is what JSON.parse makes of it: %s", async (_, text) => {
    const reading = await read(text);
    expect(reading.kind).toBe("value");
    expect(JSON.stringify(reading.kind === "value" && reading.value)).toBe(text);
  });

  it.each([
    ["text", "hello", { kind: "fault", words: "an answer that is not JSON" }],
    ["two values", "1 2", { kind: "fault" }],
    ["nothing", "", { kind: "fault" }],
    ["too deep", `${"[".repeat(1_000)}${"]".repeat(1_000)}`, { kind: "refused" }],
    ["too many values", `[${"[],".repeat(1_500_000)}1]`, { kind: "refused" }],
  ])("that is none is refused: %s", async (_, text, reading) => {
    expect(await read(text)).toMatchObject(reading);
  });

  it("is bounded before it is parsed", async () => {
    const reading = await read(JSON.stringify("x".repeat(2_000)), undefined, 1_000);
    expect(reading.kind === "refused" && reading.error('"go" of "acme/x"')).toMatchObject({
      code: "RESULT_TOO_LARGE",
    });
  });

  it("is checked against its schema where it is parsed", async () => {
    const schema = { type: "array", items: { type: "number" } };
    const ones = Array.from({ length: 20_000 }, () => 1);
    expect(await read(JSON.stringify(ones), schema)).toMatchObject({ kind: "value" });
    const reading = await read(JSON.stringify([...ones, "x"]), schema);
    expect(reading.kind === "refused" && reading.error('"go" of "acme/x"')).toMatchObject({
      code: "OUTPUT_INVALID",
      message: expect.stringContaining("[20000]"),
    });
  });

  it.each([
    ["empty lists", `[${"[],".repeat(640_000)}[]]`],
    ["objects", `[${'{"a":1,"b":[2]},'.repeat(190_000)}1]`],
    ["numbers", `[${"1234567.5,".repeat(1_600_000)}1]`],
    ["names", `{${Array.from({ length: 300_000 }, (_, n) => `"name-${n}":${n}`).join(",")}}`],
    ["one text", JSON.stringify("x".repeat(16_000_000))],
    ["one text beyond Latin", JSON.stringify("漢".repeat(5_000_000))],
    ["short texts", `[${'"abcdefgh-",'.repeat(1_000_000)}1]`],
  ])("leaves the main thread its turns: %s", async (_, text) => {
    const stream = streamOf(Buffer.from(text));
    await read("[1]");
    const turns = watchTurns();
    const reading = await pool.read(stream, {
      maxBytes: 64 * 1024 * 1024,
      schema: undefined,
      owner: "acme/x",
    });
    // Parsed in one go, each of these takes more than ten times as long.
    // Node 22 takes twice as long as Node 24.
    expect(turns.stop()).toBeLessThan(60);
    expect(["value", "refused"]).toContain(reading.kind);
  });
});

/** The longest turn of the event loop, in milliseconds of this thread's processor where the engine can tell. */
function watchTurns() {
  const { threadCpuUsage } = process;
  const now = () => {
    if (threadCpuUsage === undefined) return performance.now();
    const { user, system } = threadCpuUsage();
    return (user + system) / 1_000;
  };
  let longest = 0;
  let last = now();
  let isRunning = true;
  const turn = () => {
    const at = now();
    longest = Math.max(longest, at - last);
    last = at;
    if (isRunning) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    stop: () => {
      isRunning = false;
      return longest;
    },
  };
}

describe("large answers of several plugins", () => {
  it("wait for no more than one of another's at a time", async () => {
    // Patterns make checking take long; parsing is quick.
    const branch = (n: number) => ({ properties: { a: { pattern: `^(a|b)*c${n}$` } }, required: ["a"] });
    const schema = {
      type: "array",
      items: { anyOf: [...Array.from({ length: 14 }, (_, n) => branch(n)), {}] },
    };
    const text = JSON.stringify(Array.from({ length: 60 }, () => ({ a: "ab".repeat(20_000) })));
    let done = 0;
    const slow = Array.from({ length: 4 }, () => read(text, schema).then(() => done++));
    const good = await pool.read(streamOf(Buffer.from(JSON.stringify(Array(20_000).fill(1)))), {
      maxBytes: 1_000_000,
      schema: undefined,
      owner: "acme/other",
    });
    expect(good.kind).toBe("value");
    expect(done).toBeLessThan(2);
    await Promise.all(slow);
  });
});
