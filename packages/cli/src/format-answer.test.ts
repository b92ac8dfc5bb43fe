import { PaddockError } from "@paddock/contract";
import fc from "fast-check";
import pc from "picocolors";
import { describe, expect, test } from "vitest";
import { formatAnswer } from "./format-answer.js";
import { formatError } from "./format-error.js";
import { formatLog } from "./format-log.js";
import type { Stream } from "./terminal.js";

const stream = (isTerminal: boolean): Stream => ({
  isTerminal,
  width: 60,
  colors: pc.createColors(false),
  write: () => undefined,
});

/** What a terminal might obey, line ends aside. */
const OBEYED = /[^\n\P{Cc}]|\p{Cf}/u;

describe("formatAnswer()", () => {
  test.each([
    ["text", "text\n"],
    ["ends with a line\n", "ends with a line\n"],
    [undefined, "null\n"],
    [{ a: [1] }, '{\n  "a": [\n    1\n  ]\n}\n'],
  ])("of %j is %j", (answer, expected) => expect(formatAnswer(answer, stream(false))).toBe(expected));

  test("leaves a terminal nothing to obey", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(fc.oneof(text, fc.dictionary(text, text)), (answer) => {
        expect(formatAnswer(answer, stream(true)).replaceAll("\t", "")).not.toMatch(OBEYED);
      }),
    );
  });

  test("stays the same JSON, whatever it makes visible", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), (answer) => {
        expect(JSON.parse(formatAnswer(answer, stream(true)))).toEqual(JSON.parse(JSON.stringify(answer)));
      }),
    );
  });
});

describe("formatError()", () => {
  const error = new PaddockError(
    "TIMEOUT",
    "Cannot run \u001b[31mit: a long message with many words in it, indeed.",
    {
      hint: "Wait.",
      cause: new Error("inner"),
    },
  );

  test("is message and code, then the hint, and wrapped for a terminal only", () => {
    expect(formatError(error, stream(false), undefined)).toBe(
      "error: Cannot run \\u{1b}[31mit: a long message with many words in it, indeed. [TIMEOUT]\nhint: Wait.\n",
    );
    expect(formatError(error, stream(true), undefined).split("\n").length).toBeGreaterThan(3);
  });

  test("has the stacks for who asks", () => {
    expect(formatError(error, stream(false), "1")).toMatch(/PaddockError[\s\S]*caused by Error: inner/);
  });
});

test("formatLog() keeps a hostile line one line", () => {
  const log = { plugin: "a/b", tenant: "main", level: "info", source: "log", dropped: 3 } as const;
  const fields = { "x\n": "y\u001b[2J", z: { deep: "\n" } };
  expect(formatLog({ ...log, message: "one\ntwo", fields }, stream(false))).toBe(
    'a/b 3 lines dropped\na/b info   one\\u{a}two x\\u{a}=y\\u{1b}[2J z={"deep":"\\n"}\n',
  );
});
