import fc from "fast-check";
import { expect, test } from "vitest";
import {
  coversAlmostEverything,
  HOST_PATTERN,
  hostCovers,
  isHonestHost,
  normalHost,
} from "./network-names.js";

test.each([
  ["api.example.com:443", "api.example.com:443", true],
  ["api.example.com:443", "api.example.com:80", false],
  ["*.allowed.com:443", "a.allowed.com:443", true],
  ["*.allowed.com:443", "a.b.allowed.com:443", true],
  ["*.allowed.com:443", "*.b.allowed.com:443", true],
  ["*.allowed.com:443", "allowed.com:443", false],
  ["*.allowed.com:443", "evilallowed.com:443", false],
  ["*.allowed.com:443", "allowed.com.evil.com:443", false],
  ["*.allowed.com:443", "a.allowed.com:22", false],
  ["a.allowed.com:443", "*.allowed.com:443", false],
  ["*", "anything.example:1", true],
])("hostCovers(%j, %j) is %j", (allowed, asked, isInside) =>
  expect(hostCovers(allowed, asked)).toBe(isInside),
);

test.each(["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.256", "a.example:65536", "*.1.2.3"])(
  "isHonestHost(%j) is false",
  (host) => expect(isHonestHost(host)).toBe(false),
);

test.each(["127.0.0.1:80", "example.com", "1.example.com", "*"])("isHonestHost(%j) is true", (host) =>
  expect(isHonestHost(host)).toBe(true),
);

test.each([
  "API.example.com",
  "a..b",
  "-a.com",
  "a-.com",
  "a.com.",
  "a.com:0",
  "a.com:080",
  "a*.com",
  "*.*.com",
  "a\0.com",
  "a\n.com",
  "a%2e.com",
  "user@a.com",
  "http://a.com",
  "a.com/x",
  "bücher.example",
  "",
  " a.com",
  `${"a".repeat(64)}.com`,
])("no host is written %j", (host) => expect(HOST_PATTERN.test(host)).toBe(false));

test.each([
  ["*", true],
  ["*.com", true],
  ["*.com:443", true],
  ["*.example.com", false],
  ["com", false],
])("coversAlmostEverything(%j) is %j", (host, isWide) => expect(coversAlmostEverything(host)).toBe(isWide));

test("hostCovers() lets no host through that does not end in the allowed domain", () => {
  fc.assert(
    fc.property(fc.domain(), fc.domain(), (allowed, asked) => {
      const isBelow = asked.endsWith(`.${allowed}`);
      expect(hostCovers(normalHost(`*.${allowed}`), normalHost(asked))).toBe(isBelow);
    }),
  );
});
