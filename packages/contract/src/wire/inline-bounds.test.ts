import fc from "fast-check";
import { expect, test } from "vitest";
import { findExcess } from "./inline-bounds.js";
import { MAX_DEPTH, MAX_INLINE_TOKENS } from "./limits.js";

test("findExcess() never accepts what a full parse finds deeper or larger", () => {
  const nested = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 8 },
      fc.string(),
      fc.integer(),
      fc.array(tie("value")),
      fc.dictionary(fc.string(), tie("value")),
    ),
  })).value;
  const wrapped = fc.tuple(nested, fc.nat(160), fc.boolean()).map(([value, levels, isObject]) => {
    const json = JSON.stringify(value) ?? "null";
    return isObject
      ? '{"\\"[":'.repeat(levels) + json + "}".repeat(levels)
      : "[".repeat(levels) + json + "]".repeat(levels);
  });
  fc.assert(
    fc.property(wrapped, fc.constantFrom(1, 20, 400, 8_000), (json, copies) => {
      if (json.length * copies > 2_000_000) return;
      const line = `[${Array(copies).fill(json).join(",")}]`;
      if (findExcess(line) !== undefined) return;
      const value = tryParse(line);
      if (value === undefined) return;
      const { tokens, depth } = measure(value);
      expect(depth).toBeLessThanOrEqual(MAX_DEPTH);
      expect(tokens).toBeLessThanOrEqual(MAX_INLINE_TOKENS);
    }),
    { numRuns: 300 },
  );
});

test.each([
  [MAX_DEPTH, undefined],
  [MAX_DEPTH + 1, "more than 128 levels deep"],
])("findExcess() of %i levels is %j", (levels, excess) => {
  const pad = " ".repeat(2 * MAX_DEPTH);
  expect(findExcess(`${"[".repeat(levels)}${pad}${"]".repeat(levels)}`)).toBe(excess);
  expect(findExcess(`${'{"a":'.repeat(levels)}1${pad}${"}".repeat(levels)}`)).toBe(excess);
});

test.each([
  [MAX_INLINE_TOKENS - 1, undefined],
  [MAX_INLINE_TOKENS, "more than 10000 JSON tokens"],
])("findExcess() of a list of %i is %j", (length, excess) => {
  expect(findExcess(JSON.stringify(Array.from({ length }, () => 1)))).toBe(excess);
});

test("findExcess() does not count what stands inside strings", () => {
  const text = '[{",:\\"\\\\'.repeat(20_000);
  expect(findExcess(JSON.stringify([text, "\\", text]))).toBeUndefined();
});

test("findExcess() takes linear time for a line of backslashes and quotes", () => {
  const start = performance.now();
  findExcess(`"${'\\"'.repeat(2_000_000)}`);
  findExcess(`"${"\\".repeat(4_000_000)}"`);
  expect(performance.now() - start).toBeLessThan(2_000);
});

function tryParse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Values and keys, and levels of arrays and objects. */
function measure(value: unknown): { readonly tokens: number; readonly depth: number } {
  if (typeof value !== "object" || value === null) return { tokens: 1, depth: 0 };
  let tokens = Array.isArray(value) ? 1 : 1 + Object.keys(value).length;
  let depth = 0;
  for (const child of Object.values(value)) {
    const inner = measure(child);
    tokens += inner.tokens;
    depth = Math.max(depth, inner.depth);
  }
  return { tokens, depth: depth + 1 };
}
