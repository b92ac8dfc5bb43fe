import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printComment, printKey, printString } from "./print-text.js";

describe("printString()", () => {
  it.each(['a"b', "a\\", "\u2028", "\u202e", "`", "😀", "\ud800", "\n"])(
    "keeps %j, in plain ASCII",
    (text) => {
      const printed = printString(text);
      expect(printed).toMatch(/^"[\x20-\x7e]*"$/);
      expect(JSON.parse(printed)).toBe(text);
    },
  );
});

describe("printKey()", () => {
  it.each([
    ["plain_1", "plain_1"],
    ["__proto__", '"__proto__"'],
    ["a-b", '"a-b"'],
    ["]: never; }; evil()", '"]: never; }; evil()"'],
  ])("prints %j as %s", (name, printed) => expect(printKey(name)).toBe(printed));
});

describe("printComment()", () => {
  it("is nothing when there is nothing to say", () => {
    expect(printComment([undefined, " "])).toBe("");
  });

  it.each([
    "*/ evil(); /*",
    "**//",
    "@ts-nocheck",
    "line\n*/ evil();",
    "line\u2028*/ evil();",
    "line\r*/\revil();",
    "\u202e right to left",
  ])("holds %j inside itself", (text) => {
    const comment = printComment([text], "  ");
    expect(comment).toMatch(/^ {2}\/\*\*[\s\S]*\*\/\n$/);
    expect(comment.indexOf("*/")).toBe(comment.lastIndexOf("*/"));
    expect(comment).not.toMatch(/@ts|[\r\u2028\u202e]/);
  });

  it("ends once, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (first, second) => {
        const comment = printComment([first, `${second}*/`]);
        expect(comment.split("*/")).toHaveLength(2);
      }),
    );
  });
});
