import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DEADLINE_TICK_MS, type Deadline, Deadlines } from "./deadlines.js";

/** Timers of the wheel come this late at the most. */
const LATE_MS = 2 * DEADLINE_TICK_MS;

let deadlines: Deadlines;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  deadlines = new Deadlines();
});
afterEach(() => {
  deadlines.close();
  vi.useRealTimers();
});

class Recorded implements Deadline {
  expiresAt = 0;
  previous: Deadline | undefined = undefined;
  next: Deadline | undefined = undefined;
  slot = -1;
  readonly firedAt: number[] = [];
  act: () => void = () => undefined;

  onExpired(): void {
    this.firedAt.push(performance.now());
    this.act();
  }
}

function addAfter(ms: number): Recorded {
  const deadline = new Recorded();
  deadlines.add(deadline, performance.now() + ms);
  return deadline;
}

describe("Deadlines", () => {
  it.each([0, 1, 4, 5, 6, 100, 5_119, 5_120, 5_121, 60_000, 3_600_000])(
    "fires after %d ms, once, never early",
    (ms) => {
      const startedAt = performance.now();
      const deadline = addAfter(ms);
      vi.advanceTimersByTime(ms + LATE_MS);
      const [firedAt = Number.NaN] = deadline.firedAt;
      expect(firedAt - startedAt).toBeGreaterThanOrEqual(ms);
      vi.advanceTimersByTime(20_000);
      expect(deadline.firedAt).toHaveLength(1);
    },
  );

  it("fires at once what has already passed", () => {
    vi.advanceTimersByTime(1_000);
    const deadline = addAfter(-500);
    vi.advanceTimersByTime(LATE_MS);
    expect(deadline.firedAt).toHaveLength(1);
  });

  it("keeps thousands, and every one of them in time", () => {
    const startedAt = performance.now();
    const all = Array.from({ length: 10_000 }, (_, index) => ({
      ms: (index * 7) % 30_000,
      deadline: addAfter((index * 7) % 30_000),
    }));
    vi.advanceTimersByTime(30_000 + LATE_MS);
    for (const { ms, deadline } of all) {
      const [firedAt = Number.NaN] = deadline.firedAt;
      expect(firedAt - startedAt - ms).toBeGreaterThanOrEqual(0);
      expect(firedAt - startedAt - ms).toBeLessThanOrEqual(LATE_MS);
    }
  });

  it("is never early, at most two ticks late, and fires exactly what was not removed", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            ms: fc.integer({ min: -50, max: 12_000 }),
            isRemoved: fc.boolean(),
            pauseMs: fc.nat(40),
          }),
          { maxLength: 60 },
        ),
        (plans) => {
          const added = plans.map(({ ms, isRemoved, pauseMs }) => {
            vi.advanceTimersByTime(pauseMs);
            return {
              at: performance.now() + ms,
              addedAt: performance.now(),
              isRemoved,
              deadline: addAfter(ms),
            };
          });
          const isSpent = added.map(({ deadline }) => deadline.firedAt.length > 0);
          for (const { deadline, isRemoved } of added) if (isRemoved) deadlines.remove(deadline);
          vi.advanceTimersByTime(13_000);
          for (const [index, { at, addedAt, deadline, isRemoved }] of added.entries()) {
            expect(deadline.firedAt).toHaveLength(isRemoved && isSpent[index] !== true ? 0 : 1);
            for (const firedAt of deadline.firedAt) {
              expect(firedAt).toBeGreaterThanOrEqual(at);
              expect(firedAt).toBeLessThanOrEqual(Math.max(at, addedAt) + LATE_MS);
            }
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it("moves one that is added again", () => {
    const deadline = addAfter(100);
    deadlines.add(deadline, performance.now() + 1_000);
    vi.advanceTimersByTime(500);
    expect(deadline.firedAt).toEqual([]);
    vi.advanceTimersByTime(500 + LATE_MS);
    expect(deadline.firedAt).toHaveLength(1);
  });

  it("may be removed twice, and before it was ever added", () => {
    const deadline = addAfter(10);
    deadlines.remove(deadline);
    deadlines.remove(deadline);
    deadlines.remove(new Recorded());
    vi.advanceTimersByTime(100);
    expect(deadline.firedAt).toEqual([]);
  });

  it("heeds what one of them does to another of the same moment", () => {
    // Whichever of the two comes first removes the other.
    const [one, other] = [addAfter(50), addAfter(50)];
    one.act = () => deadlines.remove(other);
    other.act = () => deadlines.remove(one);
    vi.advanceTimersByTime(100);
    expect(one.firedAt.length + other.firedAt.length).toBe(1);
  });

  it("may be added again from its own end", () => {
    const deadline = addAfter(50);
    deadline.act = () => {
      if (deadline.firedAt.length < 3) deadlines.add(deadline, performance.now() + 50);
    };
    vi.advanceTimersByTime(1_000);
    expect(deadline.firedAt).toHaveLength(3);
  });

  it("fires everything that passed while the process slept", () => {
    const all = [10, 3_000, 9_000, 200_000].map(addAfter);
    // A laptop's lid: the clock goes on, timers do not.
    vi.setSystemTime(Date.now() + 300_000);
    vi.advanceTimersByTime(300_000);
    expect(all.map(({ firedAt }) => firedAt.length)).toEqual([1, 1, 1, 1]);
  });

  it("stops its timer when there is nothing to wait for, and starts it again", () => {
    addAfter(10);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(5_000);
    expect(vi.getTimerCount()).toBe(0);
    const later = addAfter(10);
    vi.advanceTimersByTime(10 + LATE_MS);
    expect(later.firedAt).toHaveLength(1);
  });

  it("fires nothing any more once it is closed", () => {
    const deadline = addAfter(10);
    deadlines.close();
    vi.advanceTimersByTime(1_000);
    expect([deadline.firedAt, vi.getTimerCount()]).toEqual([[], 0]);
  });
});
