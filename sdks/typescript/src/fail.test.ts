import { expect, test } from "vitest";
import { fail, isDeclaredFailure } from "./fail.js";

test("fail() makes an error with the author's code, message and details", () => {
  const error = fail("SOLD_OUT", "There are none left.", { of: 3 });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ code: "SOLD_OUT", message: "There are none left.", details: { of: 3 } });
  expect(error.stack).toContain("fail.test.ts");
  expect(isDeclaredFailure(error)).toBe(true);
});

test("fail() says its code when there is no message", () => {
  expect(fail("SOLD_OUT").message).toBe("SOLD_OUT");
  expect(fail("SOLD_OUT")).not.toHaveProperty("details");
});

test.each(["", "sold_out", "1A", "A-B", "A B", `A${"B".repeat(64)}`])("fail(%j) is refused", (code) => {
  expect(() => fail(code)).toThrow(TypeError);
});

test("isDeclaredFailure() says no to other errors, whatever their code", () => {
  expect(isDeclaredFailure(Object.assign(new Error(), { code: "SOLD_OUT" }))).toBe(false);
  expect(isDeclaredFailure({ code: "SOLD_OUT" })).toBe(false);
});
