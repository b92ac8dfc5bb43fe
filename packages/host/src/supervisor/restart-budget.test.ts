import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BACKOFF_FIRST_MS,
  BACKOFF_MAX_MS,
  RESTART_BURST,
  RESTART_REFILL_MS,
  RestartBudget,
} from "./restart-budget.js";

function create(random = 1) {
  const clock = { now: 1_000_000 };
  return {
    clock,
    budget: new RestartBudget(
      () => clock.now,
      () => random,
    ),
  };
}

function fail(budget: RestartBudget, times: number): void {
  for (let time = 0; time < times; time++) budget.recordFailure();
}

describe("RestartBudget", () => {
  it("lets a plugin start again at once for a while", () => {
    const { budget } = create();
    fail(budget, RESTART_BURST);
    expect(budget.waitMs).toBe(0);
    fail(budget, 1);
    expect(budget.waitMs).toBe(BACKOFF_FIRST_MS);
  });

  it("then doubles the wait up to a minute", () => {
    const { budget, clock } = create();
    fail(budget, RESTART_BURST);
    const waits = Array.from({ length: 8 }, () => {
      budget.recordFailure();
      const { waitMs } = budget;
      // Less than a refill each time, as far as that goes.
      clock.now += 0;
      return waitMs;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, BACKOFF_MAX_MS, BACKOFF_MAX_MS]);
  });

  it("waits between half and all of that, so that plugins do not rise together", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (random) => {
        const { budget } = create(random);
        fail(budget, RESTART_BURST + 1);
        expect(budget.waitMs).toBeGreaterThanOrEqual(BACKOFF_FIRST_MS / 2);
        expect(budget.waitMs).toBeLessThanOrEqual(BACKOFF_FIRST_MS);
      }),
    );
  });

  it("counts the wait down", () => {
    const { budget, clock } = create();
    fail(budget, RESTART_BURST + 1);
    clock.now += 400;
    expect(budget.waitMs).toBe(600);
    clock.now += 600;
    expect(budget.waitMs).toBe(0);
  });

  it("forgives one failure every ten seconds", () => {
    const { budget, clock } = create();
    fail(budget, RESTART_BURST);
    clock.now += 2 * RESTART_REFILL_MS;
    fail(budget, 2);
    expect(budget.waitMs).toBe(0);
    fail(budget, 1);
    expect(budget.waitMs).toBe(BACKOFF_FIRST_MS);
  });

  it("saves up no more than its burst", () => {
    const { budget, clock } = create();
    clock.now += 1_000 * RESTART_REFILL_MS;
    fail(budget, RESTART_BURST);
    expect(budget.waitMs).toBe(0);
    fail(budget, 1);
    expect(budget.waitMs).toBeGreaterThan(0);
  });
});
