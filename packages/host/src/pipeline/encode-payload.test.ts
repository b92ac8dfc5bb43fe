import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodePayload } from "./encode-payload.js";
import type { PipelineCall } from "./pipeline.js";

function encode(payload: unknown, payloadBytes = 1_000): string {
  const plugin = { limits: { payloadBytes }, manifest: { id: "acme/thumbs" } };
  // Safe: only the limit and the names are looked at.
  return encodePayload({ payload, plugin, action: { name: "resize" } } as PipelineCall);
}

describe("encodePayload()", () => {
  it.each([
    [undefined, "null"],
    [null, "null"],
    [() => 1, "null"],
    [Symbol("x"), "null"],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
  ])("writes %o as %s", (payload, text) => {
    expect(encode(payload)).toBe(text);
  });

  it.each(["a", "ä", "漢", "🐎", "\n", "\u2028", '"'])("counts bytes, not characters, of %j", (character) => {
    const room = 300;
    fc.assert(
      fc.property(fc.nat(400), (length) => {
        const payload = character.repeat(length);
        const fits = Buffer.byteLength(JSON.stringify(payload)) <= room;
        if (fits) expect(JSON.parse(encode(payload, room))).toBe(payload);
        else
          expect(() => encode(payload, room)).toThrow(expect.objectContaining({ code: "PAYLOAD_TOO_LARGE" }));
      }),
    );
  });

  it("never writes more than one line, whatever it is given", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (payload) => {
        expect(encode(payload, 1e9)).not.toMatch(/[\n\r]/);
      }),
    );
  });

  it("says how large it may be", () => {
    expect(() => encode("x".repeat(5_000), 2_048)).toThrow(
      expect.objectContaining({ message: expect.stringContaining("more than 2 KB"), data: { limit: 2_048 } }),
    );
  });

  it.each<readonly [string, unknown]>([
    ["a BigInt", { n: 1n }],
    [
      "a circle",
      (() => {
        const circle: unknown[] = [];
        circle.push(circle);
        return circle;
      })(),
    ],
    [
      "a getter that throws",
      {
        get a() {
          throw new Error("private\nstack");
        },
      },
    ],
    [
      "a toJSON that throws nothing at all",
      {
        toJSON() {
          throw undefined;
        },
      },
    ],
  ])("refuses %s", (_, payload) => {
    expect(() => encode(payload)).toThrow(expect.objectContaining({ code: "USAGE_INVALID" }));
  });

  it("refuses nesting deeper than the stack, or where Node writes it out, its length", () => {
    const payload = Array.from({ length: 200_000 }).reduce((inner) => [inner], null);
    const code = expect.stringMatching(/^(USAGE_INVALID|PAYLOAD_TOO_LARGE)$/);
    expect(() => encode(payload)).toThrow(expect.objectContaining({ code }));
  });
});
