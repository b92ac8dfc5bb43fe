import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toJsonPieces } from "./json-pieces.js";

const textOf = async (value: unknown) => Buffer.concat(await toJsonPieces(value)).toString("utf8");

describe("toJsonPieces()", () => {
  it("says what JSON.stringify says", async () => {
    const values = fc.jsonValue({ stringUnit: "binary" });
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        expect(await textOf(value)).toBe(JSON.stringify(value));
      }),
    );
    const named = JSON.parse('{"__proto__":{"a":1},"b":null}');
    expect(await textOf({ named, c: undefined })).toBe('{"named":{"__proto__":{"a":1},"b":null}}');
  });

  it("cuts what is long, and loses nothing where it cuts", async () => {
    const value = {
      text: "a\u{1f600}\n".repeat(100_000),
      list: Array.from({ length: 50_000 }, (_, at) => at),
    };
    expect((await toJsonPieces(value)).length).toBeGreaterThan(5);
    expect(JSON.parse(await textOf(value))).toEqual(value);
    expect(await textOf(`a${"\u{1f600}".repeat(100_000)}`)).toContain("\\ud83d\\ude00");
  });

  it("writes bytes as base64", async () => {
    const bytes = Uint8Array.from({ length: 200_001 }, (_, at) => at);
    expect(JSON.parse(await textOf([{ bytes }, new Uint8Array(0)]))).toEqual([
      { bytes: { base64: Buffer.from(bytes).toString("base64") } },
      { base64: "" },
    ]);
  });

  it("has no place for a stream", async () => {
    await expect(toJsonPieces({ a: [new ReadableStream()] })).rejects.toMatchObject({
      code: "OUTPUT_INVALID",
    });
  });
});
