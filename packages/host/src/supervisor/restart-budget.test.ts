import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BACKOFF_FIRST_MS, BACKOFF_MAX_MS, FREE_RESTARTS, RestartBudget } from "./restart-budget.js";

function create({ crashes = 5, windowMs = 600_000, random = 1 } = {}) {
  const clock = { now: 1_000_000 };
  const budget = new RestartBudget(
    { crashes, windowMs },
    () => clock.now,
    () => random,
  );
  return { clock, budget };
}

describe("RestartBudget", () => {
  it("lets a plugin start again at once after its first failures", () => {
    const { budget } = create();
    const verdicts = Array.from({ length: FREE_RESTARTS }, () => budget.recordFailure());
    expect(new Set(verdicts.map(({ kind }) => kind))).toEqual(new Set(["again"]));
  });

  it("then doubles the wait up to a minute", () => {
    const { budget } = create({ crashes: 100 });
    for (let free = 0; free < FREE_RESTARTS; free++) budget.recordFailure();
    const waits = Array.from({ length: 8 }, () => budget.recordFailure());
    expect(waits).toEqual(
      [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, BACKOFF_MAX_MS, BACKOFF_MAX_MS].map((ms) => ({
        kind: "wait",
        ms,
      })),
    );
  });

  it("waits between half and all of that, so that plugins do not rise together", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (random) => {
        const { budget } = create({ random });
        for (let free = 0; free < FREE_RESTARTS; free++) budget.recordFailure();
        const verdict = budget.recordFailure();
        if (verdict.kind !== "wait") throw new Error(verdict.kind);
        expect(verdict.ms).toBeGreaterThanOrEqual(BACKOFF_FIRST_MS / 2);
        expect(verdict.ms).toBeLessThanOrEqual(BACKOFF_FIRST_MS);
      }),
    );
  });

  it.each([1, 2, 5, 20])("ends in quarantine with failure %d when that many are allowed", (crashes) => {
    const { budget } = create({ crashes });
    const verdicts = Array.from({ length: crashes }, () => budget.recordFailure().kind);
    expect(verdicts.indexOf("quarantine")).toBe(crashes - 1);
  });

  it("forgives one failure after the other: a plugin that fails now and then goes on for ever", () => {
    const { budget, clock } = create({ crashes: 5, windowMs: 600_000 });
    for (let time = 0; time < 200; time++) {
      expect(budget.recordFailure()).toEqual({ kind: "again" });
      clock.now += 600_000 / 5;
    }
  });

  it("forgives everything in the window, however many there were", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 50 }), fc.integer({ min: 1, max: 60 }), (crashes, failures) => {
        const { budget, clock } = create({ crashes });
        for (let time = 0; time < Math.min(failures, crashes); time++) budget.recordFailure();
        clock.now += 600_000;
        expect(budget.recordFailure()).toEqual({ kind: "again" });
      }),
    );
  });

  it("begins anew when an operator says so", () => {
    const { budget } = create();
    for (let time = 0; time < 5; time++) budget.recordFailure();
    budget.forgive();
    expect(budget.recordFailure()).toEqual({ kind: "again" });
  });
});
