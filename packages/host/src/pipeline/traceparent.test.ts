import { describe, expect, it } from "vitest";
import { createTraceparents, isTraceparent } from "./traceparent.js";

describe("createTraceparents()", () => {
  it("makes a trace of its own for every call", () => {
    const next = createTraceparents();
    const all = Array.from({ length: 10_000 }, next);
    expect(new Set(all).size).toBe(10_000);
    expect(all.every(isTraceparent)).toBe(true);
  });

  it("shares nothing with another process's", () => {
    expect(createTraceparents()().slice(3, 19)).not.toBe(createTraceparents()().slice(3, 19));
  });
});

describe("isTraceparent()", () => {
  it.each([
    ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true],
    ["00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false],
    ["00-00000000000000000000000000000000-b7ad6b7169203331-01", false],
    ["00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false],
    ["01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false],
    ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", false],
    ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n", false],
    ["", false],
  ])("%j: %s", (text, expected) => {
    expect(isTraceparent(text)).toBe(expected);
  });
});
