import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeText } from "./escape-text.js";

/** Written as numbers, so that this file cannot itself fool a reader. */
const of = (...codes: readonly number[]) => String.fromCodePoint(...codes);

describe("escapeText()", () => {
  it.each([
    ["a terminal's escape", [0x1b], "\\u{1b}"],
    ["the eight-bit escape", [0x9b], "\\u{9b}"],
    ["NUL", [0], "\\u{0}"],
    ["a carriage return, which overwrites the line", [0x0d], "\\u{d}"],
    ["a newline, which forges one", [0x0a], "\\u{a}"],
    ["delete", [0x7f], "\\u{7f}"],
    ["right-to-left override", [0x202e], "\\u{202e}"],
    ["a bidirectional isolate", [0x2066], "\\u{2066}"],
    ["zero-width space", [0x200b], "\\u{200b}"],
    ["a byte order mark", [0xfeff], "\\u{feff}"],
    ["a line separator", [0x2028], "\\u{2028}"],
    ["a paragraph separator", [0x2029], "\\u{2029}"],
    ["a private-use character", [0xe000], "\\u{e000}"],
    ["an invisible tag", [0xe0041], "\\u{e0041}"],
    ["half of a surrogate pair", [0xd800], "\\u{d800}"],
  ])("makes %s visible", (_, codes, escaped) => {
    expect(escapeText(`a${of(...codes)}b`)).toBe(`a${escaped}b`);
  });

  it.each(["", "plain", "a\tb", "Zoë", "漢字", "🐎", "\\u{1b}"])("leaves %j as it is", (text) => {
    expect(escapeText(text)).toBe(text);
  });

  it("leaves nothing that a terminal obeys, whatever it is given", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const escaped = escapeText(text);
        expect(escaped.replaceAll("\t", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u);
        expect(escapeText(escaped)).toBe(escaped);
      }),
    );
  });
});
