import fc from "fast-check";
import { expect, test } from "vitest";
import { isEqualJson } from "./is-equal-json.js";

test.each<[string, string, boolean]>([
  ["1", "1", true],
  ["0", "-0", true],
  ["1", '"1"', false],
  ["null", "{}", false],
  ["[]", "{}", false],
  ['{"0":1}', "[1]", false],
  ['{"a":1,"b":2}', '{"b":2,"a":1}', true],
  ['{"a":1}', '{"a":1,"b":2}', false],
  ['{"toString":1}', '{"toString":1}', true],
  ['{"toString":1}', "{}", false],
  ['{"constructor":{}}', '{"constructor":{}}', true],
  ['{"__proto__":1}', '{"a":1}', false],
  ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}', true],
])("isEqualJson(%s, %s) is %s", (one, other, isEqual) => {
  expect(isEqualJson(JSON.parse(one), JSON.parse(other))).toBe(isEqual);
});

test("isEqualJson() knows a copy, and a change in it", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (value, other) => {
      const text = JSON.stringify(value);
      expect(isEqualJson(value, JSON.parse(text))).toBe(true);
      expect(isEqualJson([value, 1], [JSON.parse(text), 2])).toBe(false);
      expect(isEqualJson(value, other)).toBe(isEqualJson(other, value));
    }),
  );
});
