import { expect, it } from "vitest";
import { readFolder, readForce } from "./load-request.js";

it.each([undefined, null, 3, "", "a\0b", ["a"], new URL("file:///a")])(
  "readFolder(%o) is refused",
  (value) => {
    expect(() => readFolder(value)).toThrow(expect.objectContaining({ code: "USAGE_INVALID" }));
  },
);

it.each([
  [undefined, false],
  [null, false],
  [{}, false],
  [{ force: "yes" }, false],
  [{ force: true }, true],
])("readForce(%j) is %j", (options, isForced) => expect(readForce(options)).toBe(isForced));
