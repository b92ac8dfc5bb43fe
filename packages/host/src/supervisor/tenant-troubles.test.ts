import { describe, expect, it } from "vitest";
import { MAX_TROUBLED_TENANTS, TenantTroubles } from "./tenant-troubles.js";

const FAILURE = { code: "CRASHED", message: "it crashed", fault: "plugin" } as const;

function create(crashes = 8) {
  const clock = { now: 1_000 };
  return { clock, troubles: new TenantTroubles({ crashes, windowMs: 600_000 }, () => clock.now) };
}

describe("TenantTroubles", () => {
  it("take a failure for the tenant's own only when the plugin has worked for somebody else", () => {
    const { troubles } = create();
    expect(troubles.isOwn("mallory")).toBe(false);
    troubles.noteServed("mallory");
    expect(troubles.isOwn("mallory")).toBe(false);
    expect(troubles.isOwn("alice")).toBe(true);
    troubles.noteServed("alice");
    expect(troubles.isOwn("mallory")).toBe(true);
    expect(troubles.isOwn("alice")).toBe(true);
  });

  it("make the tenant wait, longer each time, and nobody else", () => {
    const { troubles } = create();
    const waits = Array.from({ length: 10 }, () => {
      troubles.recordFailure("mallory", FAILURE);
      return troubles.waitOf("mallory")?.ms ?? 0;
    });
    expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
    expect(waits.slice(3, 7).every((ms, at) => ms >= 500 * 2 ** at && ms <= 1_000 * 2 ** at)).toBe(true);
    expect(waits.slice(7)).toEqual([60_000, 60_000, 60_000]);
    expect(troubles.waitOf("alice")).toBeUndefined();
  });

  it("let the tenant go on when its wait is over, or when an operator says so", () => {
    const { troubles, clock } = create();
    for (let time = 0; time < 8; time++) troubles.recordFailure("mallory", FAILURE);
    expect(troubles.waitOf("mallory")).toEqual({ ms: 60_000, failure: FAILURE });
    clock.now += 60_000;
    expect(troubles.waitOf("mallory")).toBeUndefined();
    troubles.recordFailure("mallory", FAILURE);
    troubles.forgive();
    expect(troubles.waitOf("mallory")).toBeUndefined();
  });

  it("remember a bounded number of tenants", () => {
    const { troubles } = create(1);
    for (let one = 0; one <= MAX_TROUBLED_TENANTS; one++) troubles.recordFailure(`tenant-${one}`, FAILURE);
    expect(troubles.waitOf("tenant-0")).toBeUndefined();
    expect(troubles.waitOf(`tenant-${MAX_TROUBLED_TENANTS}`)).toBeDefined();
  });
});
