import { expect, test } from "vitest";
import { isVersionInRange, isVersionRange } from "./version-range.js";

test.each([
  ["1.2.3", "^1.0", true],
  ["2.0.0", "^1.0", false],
  ["0.2.9", "^0.2", true],
  ["0.3.0", "^0.2", false],
  ["0.0.4", "^0.0.3", false],
  ["0.9.0", "^0", true],
  ["1.2.9", "~1.2.3", true],
  ["1.3.0", "~1.2.3", false],
  ["1.9.0", "~1", true],
  ["2.5.0", ">=1.2 <3", true],
  ["3.0.0", ">=1.2 <3", false],
  ["1.2.9", ">1.2", false],
  ["1.3.0", ">1.2", true],
  ["1.2.9", "<=1.2", true],
  ["1.4.7", "1.4", true],
  ["1.4.7", "1.4.6", false],
  ["1.4.0-rc.1", "^1.0", false],
  ["1.4.0-rc.1", "1.4.0-rc.1", true],
])("isVersionInRange(%j, %j) is %j", (version, range, isInside) =>
  expect(isVersionInRange(version, range)).toBe(isInside),
);

test.each(["latest", "*", "1.x", "", "^", "^1.0 ", "^01", "1.2.3.4", ">=1 ".repeat(9).trim()])(
  "isVersionRange(%j) is false",
  (range) => expect(isVersionRange(range)).toBe(false),
);
