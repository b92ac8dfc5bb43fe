import fc from "fast-check";
import { expect, test } from "vitest";
import { findJsonError } from "./find-json-error.js";

test.each([
  ['{"a": x}', 1, 7, "a value"],
  ['{\n  "a": 1,\n}', 3, 1, "a key in double quotes"],
  ['{"a" 1}', 1, 6, '":"'],
  ['{"a": 1 "b": 2}', 1, 9, '"," or "}"'],
  ["[1, 2", 1, 6, '"," or "]"'],
  ["", 1, 1, "a value"],
  ["{} {}", 1, 4, "the end of the file"],
  ["// a comment\n{}", 1, 1, "a value"],
  ["{'a': 1}", 1, 2, "a key in double quotes"],
  ['["a\nb"]', 1, 2, "a value"],
  ["[01]", 1, 2, "a value"],
  ["[".repeat(10_000), 1, 202, "less nesting"],
])("findJsonError(%j) is %i:%i, expected %s", (text, line, column, expected) =>
  expect(findJsonError(text)).toEqual({ line, column, expected }),
);

test("findJsonError() and JSON.parse() agree", () => {
  const almost = fc
    .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', "x", "0"))
    .map(
      ([text, at, junk]) => text.slice(0, at % (text.length + 1)) + junk + text.slice(at % (text.length + 1)),
    );
  fc.assert(
    fc.property(
      fc.oneof(almost, fc.string({ unit: fc.constantFrom(...'{}[],:"\\ue-+.0123 \n') })),
      (text) => {
        expect(findJsonError(text) === undefined).toBe(isJson(text));
      },
    ),
    { numRuns: 500 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
