import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearestName } from "./nearest-name.js";

test.each([
  ["actoins", "actions"],
  ["Timeout", "timeout"],
  ["runtme", "runtime"],
  ["colour", undefined],
  ["x".repeat(65), undefined],
])("nearestName(%j) is %j", (name, nearest) =>
  expect(nearestName(name, ["actions", "runtime", "timeout"])).toBe(nearest),
);

test("editDistance() counts a swap of neighbours as one", () => expect(editDistance("ab", "ba")).toBe(1));

test("editDistance() is symmetric, zero only for equals, and at most the longer length", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});
