import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LoadedAction, LoadedPlugin } from "../supervisor/plugin.js";
import { type EncodedPayload, encodePayload, keepPlaced } from "./encode-payload.js";

function encodeAll(payload: unknown, payloadBytes = 1_000): EncodedPayload {
  // Safe: only the limits and the names are looked at.
  const plugin = {
    limits: { payloadBytes, resultBytes: 0 },
    manifest: { id: "acme/thumbs" },
  } as LoadedPlugin;
  return encodePayload(payload, plugin, { name: "resize" } as LoadedAction);
}

function encode(payload: unknown, payloadBytes?: number): string {
  return encodeAll(payload, payloadBytes).json;
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

  it("takes bytes and streams out, and leaves the caller's object as it was", () => {
    const bytes = new Uint8Array(3);
    const payload = { a: [bytes, { b: bytes }], __proto__: null, c: new Blob(["x"]).stream() };
    const { json, attachments, isReplayable } = encodeAll(payload);
    expect(json).toBe('{"a":[null,{"b":null}],"c":null}');
    expect(attachments?.map(({ at, value }) => [at, value.kind])).toEqual([
      ["/a/0", "bytes"],
      ["/a/1/b", "bytes"],
      ["/c", "byteStream"],
    ]);
    expect(isReplayable).toBe(false);
    expect(payload.a[0]).toBe(bytes);
  });

  it("says where bytes are too deep inside, and how many there are too many", () => {
    const deep = Array.from({ length: 9 }).reduce<unknown>((inner) => [inner], new Uint8Array(1));
    expect(() => encode(deep)).toThrow(/at \/0\/0\/0\/0\/0\/0\/0\/0\/0, more than 8 steps inside/);
    expect(() => encode(Array.from({ length: 33 }, () => new Uint8Array(0)))).toThrow(/more than 32/);
  });

  it("counts bytes that the guest would have to hold", () => {
    expect(() => encode({ a: new Uint8Array(600), b: new Uint8Array(600) })).toThrow(
      expect.objectContaining({ code: "PAYLOAD_TOO_LARGE" }),
    );
  });

  it("keeps only what still has its place", () => {
    const { attachments } = encodeAll({ a: new Uint8Array(1), b: new Uint8Array(1) });
    expect(keepPlaced({ b: null }, attachments)?.map(({ at }) => at)).toEqual(["/b"]);
  });
});
