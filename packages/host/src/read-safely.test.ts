import { PaddockError } from "@paddock/contract";
import { describe, expect, it } from "vitest";
import { readSafely } from "./read-safely.js";

describe("readSafely()", () => {
  it("gives what was read", () => {
    expect(readSafely("options", () => 7)).toBe(7);
  });

  it("names what cannot be read", () => {
    const { proxy, revoke } = Proxy.revocable({ tenant: "a" }, {});
    revoke();
    expect(() => readSafely("options", () => proxy.tenant)).toThrow(
      expect.objectContaining({ code: "USAGE_INVALID", message: expect.stringContaining("The options") }),
    );
    expect(() => readSafely("host's options", () => proxy.tenant, "CONFIG_INVALID")).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });

  it("leaves errors of ours as they are", () => {
    const own = new PaddockError("OVERLOADED", "Too many.");
    const read = () => {
      throw own;
    };
    expect(() => readSafely("options", read)).toThrow(own);
  });
});
