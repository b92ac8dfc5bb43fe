import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCanonicalCall, readCanonicalSuccess } from "./canonical.js";
import { encodeRequest, encodeSuccess } from "./codec.js";

const id = fc.integer({ min: 1, max: 2 ** 49 });

describe("readCanonicalSuccess()", () => {
  it("reads what the codec writes", () => {
    fc.assert(
      fc.property(id, fc.jsonValue(), (number, value) => {
        const line = encodeSuccess(number, value);
        expect(readCanonicalSuccess(line)).toEqual({
          kind: "success",
          id: number,
          result: JSON.parse(line).result,
        });
      }),
    );
  });

  it("never means anything else than the whole line does", () => {
    const pieces = fc.constantFrom(
      "1",
      ",",
      '"id":2',
      '"result":3',
      "}",
      "{",
      " ",
      "[",
      "]",
      '"a"',
      ":",
      "0",
      "-",
      "e1",
      "null",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), fc.boolean(), (parts, isClosed) => {
        const line = `{"jsonrpc":"2.0","id":7,"result":${parts.join("")}${isClosed ? "}" : ""}`;
        const found = readCanonicalSuccess(line);
        if (found === undefined) return;
        expect(JSON.parse(line)).toEqual({ jsonrpc: "2.0", id: found.id, result: found.result });
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '{"jsonrpc":"2.0","id":0,"result":1}',
    '{"jsonrpc":"2.0","id":01,"result":1}',
    '{"jsonrpc":"2.0","id":-1,"result":1}',
    '{"jsonrpc":"2.0","id":1.5,"result":1}',
    '{"jsonrpc":"2.0","id":1e3,"result":1}',
    '{"jsonrpc":"2.0","id":12345678901234567,"result":1}',
    '{"jsonrpc":"2.0","id":,"result":1}',
    '{"jsonrpc":"2.0","id":1,"result":}',
    '{"jsonrpc":"2.0","id":1,"result":1,"error":{}}',
    '{"jsonrpc":"2.0","id":1,"result":1',
    '{"jsonrpc":"2.0","id":1,"error":1}',
    '{"jsonrpc":"2.0","id":1',
    "",
  ])("leaves %s to the long way", (line) => expect(readCanonicalSuccess(line)).toBeUndefined());
});

describe("readCanonicalCall()", () => {
  it("reads what the codec writes, and no other method", () => {
    fc.assert(
      fc.property(id, fc.dictionary(fc.string(), fc.jsonValue()), (number, params) => {
        const line = encodeRequest(number, "call", params);
        expect(readCanonicalCall(line)).toEqual({ id: number, params: JSON.parse(line).params });
        expect(readCanonicalCall(encodeRequest(number, "ping", params))).toBeUndefined();
      }),
    );
  });
});
