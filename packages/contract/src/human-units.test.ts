import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, formatSize, parseDuration, parseRate, parseSize } from "./human-units.js";

test.each([
  ["64KB", 65_536],
  ["1.5 MB", 1_572_864],
  ["0B", 0],
  ["1GB", 1_073_741_824],
  ["64", undefined],
  ["64 kb", undefined],
  ["-1MB", undefined],
  ["999999999999999GB", undefined],
])("parseSize(%j) is %j", (text, bytes) => expect(parseSize(text)).toBe(bytes));

test.each([
  ["300ms", 300],
  ["5s", 5000],
  ["1.5h", 5_400_000],
  ["5 sec", undefined],
  ["", undefined],
])("parseDuration(%j) is %j", (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each([
  ["50/s", 50],
  ["600/m", 10],
  ["1/d", undefined],
])("parseRate(%j) is %j", (text, perSecond) => expect(parseRate(text)).toBe(perSecond));

test("format and parse agree on whole units", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1023 }), fc.constantFrom("B", "KB", "MB"), (n, unit) => {
      expect(formatSize(parseSize(`${n}${unit}`) ?? -1)).toBe(`${n} ${unit}`);
    }),
  );
  expect(formatDuration(5000)).toBe("5 s");
  expect(formatDuration(250)).toBe("250 ms");
  expect(formatDuration(90_000)).toBe("1.5 m");
});
