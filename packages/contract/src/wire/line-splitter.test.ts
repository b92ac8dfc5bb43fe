import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type LineDecoder, LineSplitter } from "./line-splitter.js";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const decoder: LineDecoder = {
  decode: (bytes) => {
    try {
      return utf8.decode(bytes);
    } catch {
      return undefined;
    }
  },
  concat: (parts) => Buffer.concat(parts),
};

const anyLines = fc.array(
  fc.string({ unit: "binary" }).map((text) => text.toWellFormed().replaceAll("\n", " ")),
);

test("LineSplitter gives the same lines for every chunking", () => {
  fc.assert(
    fc.property(anyLines, fc.array(fc.nat(400)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      const expected = { lines: lines.filter((line) => line !== ""), fault: undefined };
      expect(split(cut(bytes, cuts), 10_000)).toEqual(expected);
      expect(split(cut(bytes, [...bytes.keys()]), 10_000)).toEqual(expected);
    }),
  );
});

test("LineSplitter gives the same lines and fault for every chunking of any bytes", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.constant(Uint8Array.of(0x0a)),
    fc.string({ unit: "binary" }).map((text) => Uint8Array.from(Buffer.from(text))),
  );
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.nat(200)), (pieces, cuts) => {
      // The newline at the end decides the last line; until it comes, a line is only measured.
      const bytes = Buffer.concat([...pieces, Uint8Array.of(0x0a)]);
      expect(split(cut(bytes, cuts), 24)).toEqual(splitWhole(bytes, 24));
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["ASCII", "a".repeat(64), undefined],
  ["ASCII, one more", "a".repeat(65), "a line of more than 64 bytes"],
  ["two bytes each", "é".repeat(32), undefined],
  ["two bytes each, one more", `${"é".repeat(32)}a`, "a line of more than 64 bytes"],
  ["four bytes each", "🐎".repeat(16), undefined],
  ["four bytes each, one more", `${"🐎".repeat(16)}a`, "a line of more than 64 bytes"],
])("LineSplitter counts bytes to the byte: %s", (_, line, fault) => {
  const bytes = Buffer.from(`ok\n${line}\nafter\n`);
  for (let at = 0; at <= bytes.length; at++) {
    const result = split(cut(bytes, [at]), 64);
    expect(result.fault).toBe(fault);
    expect(result.lines).toEqual(fault === undefined ? ["ok", line, "after"] : ["ok"]);
  }
});

test("LineSplitter refuses a line without an end as soon as it is too long", () => {
  const splitter = new LineSplitter(decoder, 10, () => {});
  expect(splitter.push(Buffer.from("12345"))).toBeUndefined();
  expect(splitter.push(Buffer.from("67890"))).toBeUndefined();
  expect(splitter.push(Buffer.from("1"))).toBe("a line of more than 10 bytes");
});

test("LineSplitter joins a line that comes byte by byte", () => {
  const line = "x".repeat(1_000);
  expect(split(cut(Buffer.from(`${line}\n`), [...Array(1_001).keys()]), 1_000)).toEqual({
    lines: [line],
    fault: undefined,
  });
});

test.each(readBadBytes())("LineSplitter refuses $name, in one chunk or in many", ({ hex, words }) => {
  const bytes = Buffer.concat([Buffer.from("ok\n"), Buffer.from(hex, "hex")]);
  expect(split([bytes], 64)).toEqual({ lines: ["ok"], fault: words });
  expect(split(cut(bytes, [...bytes.keys()]), 64)).toEqual({ lines: ["ok"], fault: words });
});

function split(chunks: readonly Uint8Array[], maxBytes: number) {
  const lines: string[] = [];
  const splitter = new LineSplitter(decoder, maxBytes, (line) => lines.push(line));
  for (const chunk of chunks) {
    const fault = splitter.push(chunk);
    if (fault !== undefined) return { lines, fault };
  }
  return { lines, fault: undefined };
}

/** What LineSplitter promises, said in the plainest way. */
function splitWhole(bytes: Buffer, maxBytes: number) {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start);
    const line = bytes.subarray(start, end);
    if (line.length > maxBytes) return { lines, fault: `a line of more than ${maxBytes} bytes` };
    const text = decoder.decode(line);
    if (text === undefined) return { lines, fault: "not UTF-8" };
    if (text !== "") lines.push(text);
    start = end + 1;
  }
  return { lines, fault: undefined };
}

/** The bytes in pieces, cut at these places; some may be empty, as chunks may. */
function cut(bytes: Buffer, places: readonly number[]): readonly Uint8Array[] {
  const sorted = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

function readBadBytes(): readonly { readonly name: string; readonly hex: string; readonly words: string }[] {
  const url = new URL("../../../../test/conformance/vectors/bad-bytes.json", import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}
