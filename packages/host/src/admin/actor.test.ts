import { PaddockError } from "@paddock/contract";
import { describe, expect, it } from "vitest";
import { readActor } from "./actor.js";

describe("readActor()", () => {
  it("copies and freezes who asks", () => {
    const roles = ["operator"];
    const actor = readActor({ id: "ada", roles });
    roles.push("admin");
    expect(actor).toEqual({ id: "ada", roles: ["operator"] });
    expect(Object.isFrozen(actor) && Object.isFrozen(actor.roles)).toBe(true);
  });

  it.each([
    undefined,
    null,
    "ada",
    {},
    { id: "ada" },
    { id: "", roles: [] },
    { id: 7, roles: [] },
    { id: "ada\nroot", roles: [] },
    { id: "ada\u202e", roles: [] },
    { id: "a".repeat(201), roles: [] },
    { id: "ada", roles: "admin" },
    { id: "ada", roles: [1] },
    { id: "ada", roles: Array.from({ length: 33 }, () => "r") },
  ])("refuses %j with USAGE_INVALID", (value) => {
    expect(() => readActor(value)).toThrow(PaddockError);
    expect(() => readActor(value)).toThrow(expect.objectContaining({ code: "USAGE_INVALID" }));
  });
});
