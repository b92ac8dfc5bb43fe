import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogBudget } from "./log-budget.js";

/** A budget on a clock that the test turns. */
function create(linesPerSecond: number) {
  const clock = { now: 0 };
  return { clock, budget: new LogBudget(linesPerSecond, () => clock.now) };
}

describe("LogBudget", () => {
  it("lets a second's worth through at once and drops the rest", () => {
    const { budget } = create(3);
    expect([1, 2, 3, 4, 5].map(() => budget.take())).toEqual([0, 0, 0, undefined, undefined]);
  });

  it("tells with the next line that passes how many were dropped, once", () => {
    const { budget, clock } = create(2);
    for (let line = 0; line < 7; line++) budget.take();
    clock.now = 1_000;
    expect([budget.take(), budget.take(), budget.take()]).toEqual([5, 0, undefined]);
  });

  it("saves no more than one second's worth while nothing is logged", () => {
    const { budget, clock } = create(4);
    clock.now = 3_600_000;
    expect([1, 2, 3, 4, 5].map(() => budget.take())).toEqual([0, 0, 0, 0, undefined]);
  });

  it.each([0, 0.1, 0.5])("still lets the first line through at a rate of %d", (rate) => {
    const { budget } = create(rate);
    expect([budget.take(), budget.take()]).toEqual([0, undefined]);
  });

  it("never lets more through than its rate and one burst, and counts every line", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 400 }),
        (rate, pauses) => {
          const { budget, clock } = create(rate);
          let [passed, counted] = [0, 0];
          for (const pause of pauses) {
            clock.now += pause;
            const dropped = budget.take();
            if (dropped === undefined) continue;
            passed++;
            counted += dropped;
          }
          expect(passed).toBeLessThanOrEqual(rate + (clock.now / 1000) * rate + 1e-6);
          expect(passed + counted).toBeLessThanOrEqual(pauses.length);
        },
      ),
    );
  });
});
