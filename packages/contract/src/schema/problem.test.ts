import { expect, test } from "vitest";
import { formatFound, formatPath, quote } from "./problem.js";

test.each([
  [["actions", "resize", "timeout"], "actions.resize.timeout"],
  [["permissions", "required", 0, "hosts"], "permissions.required[0].hosts"],
  [["depends", "acme/images"], 'depends["acme/images"]'],
  [["\u001b[2J"], '["\\u001b[2J"]'],
  [["k".repeat(100)], `["${"k".repeat(60)}…"]`],
  [[], ""],
])("formatPath(%j) is %s", (path, written) => expect(formatPath(path)).toBe(written));

test.each([
  [undefined, "nothing"],
  [null, "null"],
  [[], "an empty list"],
  [[1, 2], "a list of 2"],
  [{}, "an object"],
  ["x", '"x"'],
  [1.5, "1.5"],
])("formatFound(%j) is %s", (value, words) => expect(formatFound(value)).toBe(words));

test("quote() lets nothing through that steers a terminal or turns text around", () => {
  expect(quote("a\u0007\u009b\u202e\u{e0041}b")).toBe('"a\\u0007\\u009b\\u202e\\udb40\\udc41b"');
});
