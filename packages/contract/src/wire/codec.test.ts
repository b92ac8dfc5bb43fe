import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeMessage, encodeFailure, encodeNotification, encodeRequest, encodeSuccess } from "./codec.js";
import { MAX_DEPTH, MAX_INLINE_TOKENS } from "./limits.js";
import type { Message } from "./messages.js";

describe("wire vectors", () => {
  test.each(readVectors<MessageVector>("messages"))(
    "$direction: $name, from its line",
    ({ line, message }) => {
      expect(decodeMessage(line)).toEqual(message);
    },
  );

  test.each(readVectors<MessageVector>("messages"))("$direction: $name, to its line", ({ line, message }) => {
    expect(encode(message)).toBe(line);
  });

  test.each(readVectors<BadLine>("bad-lines"))("$name is refused: $words", (vector) => {
    expect(decodeMessage(lineOf(vector))).toBe(vector.words);
  });
});

test("decodeMessage() gives back what was encoded", () => {
  const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(id, fc.jsonValue({ maxDepth: 5 }), (id, value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      expect(decodeMessage(encodeSuccess(id, value))).toEqual({ kind: "success", id, result: plain });
      expect(decodeMessage(encodeRequest(id, "call", value))).toEqual({
        kind: "request",
        id,
        method: "call",
        params: plain,
      });
    }),
  );
});

test("decodeMessage() never throws and never accepts what is no message", () => {
  const anyLine = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.json().map((json) => `{"jsonrpc":"2.0",${json}`),
  );
  fc.assert(
    fc.property(anyLine, (line) => {
      const message = decodeMessage(line);
      if (typeof message !== "string") expect(JSON.parse(line).jsonrpc).toBe("2.0");
    }),
  );
});

test("decodeMessage() keeps __proto__ out of every prototype", () => {
  const message = decodeMessage('{"jsonrpc":"2.0","id":1,"result":{"__proto__":{"isAdmin":true}}}');
  expect(message).toMatchObject({ kind: "success" });
  expect("isAdmin" in {}).toBe(false);
  expect(typeof message === "object" && "isAdmin" in message).toBe(false);
});

test("decodeMessage() accepts a line at both bounds", () => {
  const deepest = "[".repeat(MAX_DEPTH - 1) + "]".repeat(MAX_DEPTH - 1);
  expect(decodeMessage(`{"jsonrpc":"2.0","id":1,"result":${deepest}}`)).toMatchObject({ kind: "success" });
  // jsonrpc, id and result are keys and values, the object and the list are values too: 8 tokens for none.
  const widest = Array.from({ length: MAX_INLINE_TOKENS - 8 }, () => 1);
  expect(decodeMessage(encodeSuccess(1, widest))).toMatchObject({ kind: "success" });
});

test.each([undefined, () => 1, Symbol("x")])("encodeSuccess() makes null of %s", (value) => {
  expect(encodeSuccess(1, value)).toBe('{"jsonrpc":"2.0","id":1,"result":null}');
});

interface MessageVector {
  readonly name: string;
  readonly direction: string;
  readonly line: string;
  readonly message: Message;
}

interface BadLine {
  readonly name: string;
  readonly words: string;
  readonly line?: string;
  /** before, repeated, times, after */
  readonly repeat?: readonly [string, string, number, string];
}

function readVectors<T>(name: string): readonly T[] {
  const url = new URL(`../../../../test/conformance/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}

function lineOf({ line, repeat }: BadLine): string {
  if (repeat === undefined) return line ?? "";
  const [before, repeated, times, after] = repeat;
  return before + repeated.repeat(times) + after;
}

function encode(message: Message): string {
  switch (message.kind) {
    case "request":
      return encodeRequest(message.id, message.method, message.params);
    case "notification":
      return encodeNotification(message.method, message.params);
    case "success":
      return encodeSuccess(message.id, message.result);
    case "failure":
      return encodeFailure(message.id, message.error);
  }
}
