import { describe, expect, it } from "vitest";
import { ERRORS, type ErrorRow, isErrorCode } from "./errors.js";

const rows: readonly (readonly [string, ErrorRow])[] = Object.entries(ERRORS);

describe("the table of errors", () => {
  it.each(rows)("%s is complete and makes sense", (code, row) => {
    expect(code).toMatch(/^[A-Z][A-Z_]*[A-Z]$/);
    expect(row.http).toBeGreaterThanOrEqual(400);
    expect(row.http).toBeLessThanOrEqual(599);
    expect(Number.isInteger(row.exit) && row.exit >= 1 && row.exit <= 255).toBe(true);
    expect(row.title).toMatch(/^[A-Z][^\n]+\.$/);
    expect(["plugin", "host", "policy", "caller"]).toContain(row.fault);
  });

  it("gives every error a title of its own", () => {
    expect(new Set(rows.map(([, { title }]) => title)).size).toBe(rows.length);
  });

  it("blames callers and policies with 4xx only, as far as their own request is at fault", () => {
    const wrong = rows.filter(
      ([code, { fault, http }]) =>
        (fault === "policy" || fault === "caller") && http >= 500 && code !== "OVERLOADED",
    );
    expect(wrong.map(([code]) => code)).toEqual([]);
  });

  it("invites nobody to repeat a request that can only fail again", () => {
    const wrong = rows.filter(([, { retryable, http }]) => retryable && http < 500 && http !== 429);
    expect(wrong.map(([code]) => code)).toEqual([]);
  });
});

describe("isErrorCode()", () => {
  it.each(Object.keys(ERRORS))("knows %s", (code) => {
    expect(isErrorCode(code)).toBe(true);
  });

  it.each([
    "",
    "timeout",
    "NOPE",
    "constructor",
    "__proto__",
    "toString",
    504,
    null,
    undefined,
    {},
    ["TIMEOUT"],
  ])("does not know %j", (value) => {
    expect(isErrorCode(value)).toBe(false);
  });
});
