import fc from "fast-check";
import { expect, test } from "vitest";
import { formatTable, wrap } from "./format-table.js";

test("formatTable() aligns columns and lets the last one hang", () => {
  const rows = [
    ["a", "one", "words that are wrapped at the width"],
    ["long", "b", { text: "painted", paint: (text: string) => `<${text}>` }],
  ];
  expect(formatTable(rows, 36)).toBe(
    ["  a     one  words that are wrapped", "             at the width", "  long  b    <painted>", ""].join(
      "\n",
    ),
  );
});

test("formatTable() pads by what is seen, not by what paints it", () => {
  const red = (text: string) => `\u001b[31m${text}\u001b[39m`;
  expect(
    formatTable(
      [
        [{ text: "x", paint: red }, "y"],
        ["xxx", "y"],
      ],
      80,
    ),
  ).toBe(`  ${red("x")}    y\n  xxx  y\n`);
});

test("wrap() loses no word and exceeds the width by none but a longer one", () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,30}$/), { minLength: 1 }),
      fc.integer({ min: 20, max: 60 }),
      (words, width) => {
        const lines = wrap(words.join(" "), width);
        expect(lines.join(" ")).toBe(words.join(" "));
        for (const line of lines) expect(line.length <= width || !line.includes(" ")).toBe(true);
      },
    ),
  );
});
