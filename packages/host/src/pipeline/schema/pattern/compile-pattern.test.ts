import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_BUILD_STEPS } from "./automaton.js";
import { compilePattern } from "./compile-pattern.js";

function compile(source: string) {
  return compilePattern(source, { steps: MAX_BUILD_STEPS });
}

const EMAIL = "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$";
const SEMVER =
  "^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\\+([0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*))?$";
const UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";
const TIME =
  "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]\\d\\d:\\d\\d)$";
const HOST = "^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$";

describe("compilePattern()", () => {
  test.each<[string, readonly string[]]>([
    [EMAIL, ["a@b.c", "a@b", "a b@c.d", "ü@ö.ä", "a@b.c\n", "\u2003@b.c"]],
    [SEMVER, ["1.2.3", "1.2.3-rc.1+b", "01.2.3", "1.2", "1.2.3-01", "1.2.3-0a"]],
    [UUID, ["123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-92d3-a456-426614174000", ""]],
    [TIME, ["2024-02-29T23:59:59Z", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00.123456789+01:00"]],
    [HOST, ["example.com", "-a.com", `${"a".repeat(63)}.com`, `${"a".repeat(64)}.com`]],
    ["", ["", "a"]],
    ["^$", ["", "a"]],
    ["$^", ["", "a"]],
    ["a$b", ["ab"]],
    ["(a|^)b", ["b", "ab", "cb", "cab"]],
    ["[]", ["", "a"]],
    ["[^]", ["", "a"]],
    ["[[:alpha:]", [":", "b", "["]],
    [".", ["\n", "\r", "\u2028", "x", "\u{1f600}", "\ud83d"]],
    ["^.$", ["\u{1f600}", "\ud83d", "ab"]],
    ["\\s", ["\u00a0", "\ufeff", "\u2003", "x"]],
    ["\\u{1f600}", ["\u{1f600}", "\ud83d"]],
    ["\\ud83d\\ude00", ["\u{1f600}", "\ud83d"]],
    ["^\\p{L}+$", ["aé漢\u{20000}", "a1"]],
    ["\\p{Script=Greek}", ["α", "a"]],
    ["\\P{Lu}", ["A", "a"]],
    ["é", ["é", "e"]],
    ["\\x41\\0\\cA\\/\\.", ["A\0\u0001/.", "A\0\u0001/x"]],
    ["(?<year>\\d{4})", ["in 2024", "in 24"]],
    ["[\\d\\-.]", ["-", ".", "5", "x"]],
  ])("reads %j as JavaScript does", (source, texts) => {
    const automaton = compile(source);
    if (typeof automaton === "string") return expect.unreachable(automaton);
    for (const text of texts)
      expect([text, automaton(text)]).toEqual([text, new RegExp(source, "u").test(text)]);
  });

  test.each([
    ["(", "is not a regular expression"],
    ["a{2}{3}", "is not a regular expression"],
    ["\\Q", "is not a regular expression"],
    ["(a)\\1", "uses a reference"],
    ["(?<n>a)\\k<n>", "uses a reference"],
    ["(?=a)", "uses a reference"],
    ["(?<=a)b", "uses a reference"],
    ["(?!a)", "uses a reference"],
    ["\\bfoo\\b", "uses a reference"],
    // Known to some versions of V8 only.
    ["(?i:a)", "uses a reference|is not a regular expression"],
    ["a".repeat(513), "is longer than 512 characters"],
    ["a{2501}", "is too complex"],
    ["((a{0,100}){0,100}){0,100}", "is too complex"],
    ["((){1000}){1000}", "is too complex"],
    ["(((((){99}){99}){99}){99}){99}", "is too complex"],
    ["a.{12}$", "is too complex"],
    ["(\\p{L}|\\p{N}|\\p{P}|\\p{S}|\\p{M}|\\p{Z}|\\p{C})", "is too complex"],
  ])("refuses %j", (source, words) => {
    expect(compile(source)).toMatch(new RegExp(words));
  });

  test("spends one budget on all patterns of a schema", () => {
    const budget = { steps: MAX_BUILD_STEPS };
    const answers = Array.from({ length: 20 }, () => compilePattern(HOST, budget));
    expect(typeof answers[0]).toBe("function");
    expect(typeof answers.at(-1)).toBe("string");
  });

  test("means what JavaScript means, for any pattern and text", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      ".",
      "[ab]",
      "[^a]",
      "\\d",
      "\\W",
      "é",
      "\\p{L}",
      "\\u{1f600}",
      "^",
      "$",
      "(?:)",
    );
    const { pattern } = fc.letrec<{ pattern: string; term: string }>((tie) => ({
      pattern: fc.oneof(
        { maxDepth: 3 },
        atom,
        fc.array(tie("term"), { maxLength: 4 }).map((terms) => terms.join("")),
      ),
      term: fc.oneof(
        atom,
        fc.tuple(tie("pattern"), tie("pattern")).map(([one, two]) => `(${one}|${two})`),
        fc
          .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}", "*?"))
          .map(([one, times]) => `(?:${one})${times}`),
      ),
    }));
    const text = fc.string({
      unit: fc.constantFrom("a", "b", "1", "é", "\n", "\u{1f600}", "\ud83d", " "),
      maxLength: 8,
    });
    fc.assert(
      fc.property(pattern, fc.array(text, { maxLength: 8 }), (source, texts) => {
        const automaton = compile(source);
        if (typeof automaton === "string") return;
        for (const one of texts)
          expect([source, one, automaton(one)]).toEqual([source, one, new RegExp(source, "u").test(one)]);
      }),
      { numRuns: 500 },
    );
  });
});
