import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeCredit, encodeFrameHeader, FRAME, FrameSplitter } from "./frames.js";
import { MAX_ERROR_FRAME_BYTES, MAX_FRAME_BYTES } from "./limits.js";

/** What a splitter said, data pieces of one frame joined. */
type Said = readonly [name: string, stream: number, value?: string | number];

function split(chunks: readonly Uint8Array[]): {
  readonly said: readonly Said[];
  readonly fault: string | undefined;
} {
  const said: [string, number, (string | number)?][] = [];
  const splitter = new FrameSplitter({
    dataHeader: (stream) => {
      said.push(["data", stream, ""]);
      return undefined;
    },
    data: (stream, piece) => {
      const last = said.at(-1);
      if (last?.[0] === "data" && last[1] === stream) last[2] += Buffer.from(piece).toString("hex");
    },
    end: (stream) => void said.push(["end", stream]),
    error: (stream, json) => void said.push(["error", stream, Buffer.from(json).toString()]),
    credit: (stream, bytes) => void said.push(["credit", stream, bytes]),
    cancel: (stream) => void said.push(["cancel", stream]),
  });
  for (const chunk of chunks) {
    const fault = splitter.push(chunk);
    if (fault !== undefined) return { said, fault };
  }
  return { said, fault: undefined };
}

function encode([name, stream, value]: Said): Uint8Array {
  const frame = (type: number, payload: Buffer) =>
    Buffer.concat([encodeFrameHeader(type, stream, payload.length), payload]);
  if (name === "data") return frame(FRAME.data, Buffer.from(String(value), "hex"));
  if (name === "error") return frame(FRAME.error, Buffer.from(String(value)));
  if (name === "credit") return encodeCredit(stream, Number(value));
  return encodeFrameHeader(name === "end" ? FRAME.end : FRAME.cancel, stream, 0);
}

const anyStream = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyFrame: fc.Arbitrary<Said> = fc.oneof(
  fc.tuple(
    fc.constant("data"),
    anyStream,
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("hex")),
  ),
  fc.tuple(
    fc.constant("error"),
    anyStream,
    fc.string().map((text) => JSON.stringify({ text })),
  ),
  fc.tuple(fc.constant("credit"), anyStream, fc.integer({ min: 1, max: 2 ** 32 - 1 })),
  fc.tuple(fc.constantFrom("end", "cancel"), anyStream),
);

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly frames?: readonly Said[];
  readonly words?: string;
}

function readVectors(): readonly Vector[] {
  const url = new URL("../../../../test/conformance/vectors/frames.json", import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}

describe("FrameSplitter", () => {
  it("finds the same frames however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(anyFrame), fc.array(fc.nat(500)), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(encode));
        const places = [0, ...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        const expected = { said: frames.map((frame) => [...frame]), fault: undefined };
        expect(split(chunks)).toEqual(expected);
        expect(split([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
      }),
    );
  });

  it("refuses what is no frame at its first nine bytes, and holds nothing for it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 9, maxLength: 9 }), (header) => {
        const { fault } = split([header]);
        const length = Buffer.from(header).readUInt32BE(5);
        const most = { 1: MAX_FRAME_BYTES, 3: MAX_ERROR_FRAME_BYTES, 4: 4 }[header[0] ?? 0] ?? 0;
        const isKnown = [1, 2, 3, 4, 5].includes(header[0] ?? 0);
        if (!isKnown || length > most) expect(fault).toMatch(/^a frame of (the unknown )?type \d+/);
      }),
    );
  });

  it.each(readVectors())("reads the vector: $name", ({ hex, frames = [], words }) => {
    const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
    expect(split([bytes])).toEqual({ said: frames, fault: words });
    if (words === undefined)
      expect(Buffer.concat(frames.map(encode)).toString("hex")).toBe(bytes.toString("hex"));
  });
});
