import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeCredit, encodeFrameHeader, FRAME } from "../frames.js";
import { GUEST_CREDIT_BYTES, MAX_OPEN_STREAMS, MIN_CREDIT_BYTES, STREAM_CREDIT_BYTES } from "../limits.js";
import { Multiplexer, type MultiplexerPort } from "./multiplexer.js";
import { outgoingText, readOutgoing } from "./outgoing-value.js";

const OPTIONS = { encodeText: (text: string) => Buffer.from(text), checkItem: () => undefined };

const PORT: MultiplexerPort = {
  write: () => undefined,
  reusesMemory: true,
  isFull: () => false,
  encodeError: (error) =>
    Buffer.from(JSON.stringify({ code: -32000, message: String(error), data: { code: "PLUGIN_BUG" } })),
  decodeText: (bytes) => Buffer.from(bytes).toString(),
};

/** One side whose frames are kept instead of sent. */
function alone() {
  const sent: Uint8Array[] = [];
  const side = new Multiplexer({
    ...PORT,
    write: (header, payload) => void sent.push(header, ...(payload === undefined ? [] : [payload])),
  });
  return { side, sent };
}

/** Two sides; what one writes the other reads a turn later, cut into pieces of this size. */
function pair(cut: number) {
  const sides: Multiplexer[] = [];
  const make = (other: number) =>
    new Multiplexer({
      ...PORT,
      write: (header, payload) => {
        const bytes = Buffer.concat([header, payload ?? Buffer.alloc(0)]);
        setImmediate(() => {
          for (let at = 0; at < bytes.length; at += cut) {
            expect(sides[other]?.push(bytes.subarray(at, at + cut))).toBeUndefined();
          }
        });
      },
    });
  const writer = make(1);
  const reader = make(0);
  sides.push(writer, reader);
  return { writer, reader };
}

function accept(side: Multiplexer, id: number) {
  const stream = side.accept(id, (error) => new Error(error.message));
  if (typeof stream === "string") throw new Error(stream);
  return stream;
}

async function gather(stream: ReturnType<typeof accept>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const data = (id: number, length: number) =>
  Buffer.concat([encodeFrameHeader(FRAME.data, id, length), Buffer.alloc(length)]);

describe("a pair of multiplexers", () => {
  it("carries the same bytes, however they are cut and however many streams there are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 2_000 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 5_000 }),
        async (values, cut) => {
          const { writer, reader } = pair(cut);
          const read = values.map((value) => {
            const source = readOutgoing(value, OPTIONS)?.open();
            if (source === undefined) throw new Error("bytes must travel");
            return gather(accept(reader, writer.open(source).id));
          });
          expect(await Promise.all(read)).toEqual(values.map((value) => Buffer.from(value)));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("carries more than a window, and text without breaking its characters", async () => {
    const text = "🐎é".repeat(600_000);
    const { writer, reader } = pair(64 * 1024);
    const { id } = writer.open(outgoingText(text, OPTIONS).open());
    expect((await gather(accept(reader, id))).toString()).toBe(text);
    expect([writer.openStreams, reader.openStreams]).toEqual([0, 0]);
  });

  it("gives each chunk memory of its own, which its reader may hand on", async () => {
    for (const reusesMemory of [false, true]) {
      const side = new Multiplexer({ ...PORT, reusesMemory });
      const [first, second] = [accept(side, 1), accept(side, 2)];
      const reads = [first.read(), second.read()];
      // A frame that is alone in its memory, and two of different streams that share theirs.
      const both = new Uint8Array(Buffer.concat([data(1, 40_000), data(2, 40_000)]));
      const header = new Uint8Array(encodeFrameHeader(FRAME.data, 1, 20_000));
      for (const pushed of [header, new Uint8Array(20_000), both]) {
        expect(side.push(pushed)).toBeUndefined();
        if (reusesMemory) pushed.fill(0xff);
      }
      const chunks = [...(await Promise.all(reads)), ...(reusesMemory ? [] : [await first.read()])];
      expect(chunks.map((chunk) => chunk?.length)).toEqual(
        reusesMemory ? [60_000, 40_000] : [20_000, 40_000, 40_000],
      );
      expect(new Set(chunks.map((chunk) => chunk?.buffer)).size).toBe(chunks.length);
      expect(chunks.every((chunk) => chunk?.every((byte) => byte === 0))).toBe(true);
      expect(both.length).toBe(reusesMemory ? 80_018 : 0);
    }
  });

  it("keeps no more memory for small pieces than they need", async () => {
    const side = new Multiplexer(PORT);
    const stream = accept(side, 1);
    for (const [length, most] of [
      [1, 1],
      [10_000, 10_000],
      [60_000, 65_536],
    ] as const) {
      const read = stream.read();
      expect(side.push(data(1, length))).toBeUndefined();
      const chunk = await read;
      expect(chunk?.length).toBe(length);
      expect(chunk?.buffer.byteLength).toBeLessThanOrEqual(most);
    }
  });

  it("stops the source when its reader leaves, before the first byte too", async () => {
    for (const reads of [0, 1]) {
      const { writer, reader } = pair(1_000);
      const stopped = new Promise<void>((resolve) => {
        const next = async () => {
          await new Promise((turn) => setImmediate(turn));
          return Buffer.from("x");
        };
        const { id } = writer.open({ next, cancel: () => resolve() });
        const stream = accept(reader, id);
        void (reads === 0 ? Promise.resolve() : stream.read()).then(() => stream.cancel());
      });
      await stopped;
      await expect.poll(() => [writer.openStreams, reader.openStreams]).toEqual([0, 0]);
    }
  });

  it("tells the reader what went wrong with the source, after what came before", async () => {
    const { writer, reader } = pair(1_000);
    let asked = 0;
    const next = async () => {
      if (++asked > 1) throw new Error("no more");
      return Buffer.from("first");
    };
    const stream = accept(reader, writer.open({ next, cancel: () => undefined }).id);
    expect(Buffer.from((await stream.read()) ?? []).toString()).toBe("first");
    await expect(stream.read()).rejects.toThrow("no more");
  });
});

describe("a multiplexer alone", () => {
  it("sends nothing before its reader has given credit, also when it is stopped", () => {
    const { side, sent } = alone();
    const stream = side.open({ next: () => Buffer.from("x"), cancel: () => undefined });
    stream.stop();
    expect(sent).toEqual([]);
    expect(side.push(encodeCredit(1, 10))).toBeUndefined();
    expect(sent).toEqual([encodeFrameHeader(FRAME.end, 1, 0)]);
    expect(side.push(encodeCredit(1, 10))).toBeUndefined();
  });

  it("gives all streams together no more credit than a guest may hold", () => {
    const { side, sent } = alone();
    for (let id = 1; id <= MAX_OPEN_STREAMS; id++) void accept(side, id).read();
    const given = sent.map((frame) => Buffer.from(frame).readUInt32BE(9));
    expect(given[0]).toBe(STREAM_CREDIT_BYTES);
    expect(given.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(
      GUEST_CREDIT_BYTES + MAX_OPEN_STREAMS * MIN_CREDIT_BYTES,
    );
    expect(side.accept(MAX_OPEN_STREAMS + 1, () => undefined)).toMatch(/more than 256 open streams/);
  });

  it.each<[string, (side: Multiplexer) => string | undefined, RegExp]>([
    ["data of a stream that was never announced", (side) => side.push(data(7, 1)), /never announced/],
    ["an end before credit", (side) => side.push(encodeFrameHeader(FRAME.end, 1, 0)), /no credit/],
    ["data before credit", (side) => side.push(data(1, 1)), /data without credit/],
    ["credit for nobody", (side) => side.push(encodeCredit(1, 1)), /does not exist/],
    ["a cancel for nobody", (side) => side.push(encodeFrameHeader(FRAME.cancel, 3, 0)), /does not exist/],
  ])("refuses %s", (_, push, words) => {
    const { side } = alone();
    accept(side, 1);
    expect(push(side)).toMatch(words);
  });

  it("refuses more credit than there can be", () => {
    const { side } = alone();
    side.open({ next: () => new Promise(() => undefined), cancel: () => undefined });
    expect(side.push(encodeCredit(1, 2 ** 31))).toBeUndefined();
    expect(side.push(encodeCredit(1, 1))).toMatch(/more credit/);
  });

  it("wakes its readers and stops its sources when the descriptor goes", async () => {
    const { side } = alone();
    const reading = accept(side, 1).read();
    const stopped = new Promise<void>((resolve) => {
      side.open({ next: () => undefined, cancel: () => resolve() });
    });
    side.close(new Error("gone"));
    side.close(new Error("twice"));
    await expect(reading).rejects.toThrow("gone");
    await stopped;
    expect(side.openStreams).toBe(0);
  });

  it("throws for nothing that arrives", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const { side } = alone();
        void accept(side, 1).read();
        side.push(bytes);
      }),
    );
  });
});
