import { expect, test } from "vitest";
import { parseRange, rangeCovers, touchesMetadata } from "./address-range.js";

test.each([
  "10.0.0.1/8",
  "10.0.0.0/33",
  "10.0.0.0",
  "010.0.0.0/8",
  "10.0.0/8",
  "10.0.0.0/08",
  "fd00::/129",
  "fd00:::/8",
  "1::2::3/128",
  "fd00::1/8",
  "1:2:3:4:5:6:7:8:9/128",
  "::10.0.0.256/128",
])("parseRange(%j) is no range", (text) => expect(parseRange(text)).toBeUndefined());

test.each([
  ["10.0.0.0/8", "10.1.0.0/16", true],
  ["10.1.0.0/16", "10.0.0.0/8", false],
  ["10.0.0.0/8", "11.0.0.0/16", false],
  ["fd00::/8", "fd12:3456::/32", true],
  ["::/0", "10.0.0.0/8", false],
  ["::ffff:10.0.0.0/104", "::ffff:a01:0/112", true],
])("rangeCovers(%j, %j) is %j", (allowed, asked, isInside) =>
  expect(rangeCovers(allowed, asked)).toBe(isInside),
);

test.each([
  ["169.254.169.254/32", true],
  ["0.0.0.0/0", true],
  ["fd00:ec2::254/128", true],
  ["::/0", true],
  ["::ffff:169.254.169.254/128", true],
  ["10.0.0.0/8", false],
  ["nonsense", true],
])("touchesMetadata(%j) is %j", (range, isTouched) => expect(touchesMetadata(range)).toBe(isTouched));
