import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitsOneLine } from "./fits-one-line.js";

describe("fitsOneLine()", () => {
  it("never refuses a value whose JSON is as long as allowed", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // What parsing gives, as a guest's answer is: no -0, and plain objects.
        const parsed: unknown = JSON.parse(JSON.stringify(value));
        expect(fitsOneLine(parsed, JSON.stringify(parsed).length)).toBe("fits");
      }),
    );
  });

  it("looks no further into a large value than it has to", () => {
    let looks = 0;
    const counting = new Proxy(Array.from({ length: 1_000_000 }), {
      get: (target, name) => {
        looks++;
        return Reflect.get(target, name);
      },
    });
    expect(fitsOneLine([["x".repeat(1_000)], counting], 100)).toBe("too-large");
    expect(
      fitsOneLine(
        Array.from({ length: 10 }, () => 123_456),
        50,
      ),
    ).toBe("too-large");
    expect(looks).toBe(0);
  });

  it.each([
    ["bytes", new Uint8Array(8_000_000)],
    ["bytes inside", { a: [new Uint8Array(1)] }],
    ["a stream", new ReadableStream()],
    ["items", { a: (async function* () {})() }],
  ])("knows %s for no JSON", (_, value) => {
    expect(fitsOneLine(value, 1_000)).toBe("not-json");
  });
});
