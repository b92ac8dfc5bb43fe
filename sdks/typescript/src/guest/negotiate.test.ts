import { expect, test } from "vitest";
import { negotiate } from "./negotiate.js";

test.each([
  [{ min: 1, max: 1 }, { min: 1, max: 1 }, 1],
  [{ min: 1, max: 3 }, { min: 2, max: 5 }, 3],
  [{ min: 2, max: 5 }, { min: 1, max: 3 }, 3],
])("negotiate() of %j and %j is %i", (host, own, version) => {
  expect(negotiate(host, own)).toBe(version);
});

test.each([
  [
    { min: 1, max: 2 },
    { min: 3, max: 4 },
  ],
  [
    { min: 5, max: 6 },
    { min: 3, max: 4 },
  ],
])("negotiate() of %j and %j names both ranges", (host, own) => {
  const words = `version ${host.min} to ${host.max}, this SDK version ${own.min} to ${own.max}`;
  expect(() => negotiate(host, own)).toThrow(words);
});
