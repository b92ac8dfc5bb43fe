import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deadlines } from "./deadlines.js";
import { HealthCheck, UNREADY_INTERVAL_MS } from "./health-check.js";

let deadlines: Deadlines;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  deadlines = new Deadlines();
});
afterEach(() => {
  deadlines.close();
  vi.useRealTimers();
});

const INTERVAL_MS = 10_000;
const TIMEOUT_MS = 1_000;

/** A guest that answers as `answer` says, and what the check made of it. */
function watch(answer: () => boolean | "never") {
  const seen = { pings: 0, failures: [] as number[], readiness: [] as boolean[], ends: 0, worksUntil: 0 };
  const check = new HealthCheck({
    deadlines,
    intervalMs: INTERVAL_MS,
    timeoutMs: TIMEOUT_MS,
    failures: 2,
    ping: (onAnswer) => {
      seen.pings++;
      const said = answer();
      if (said !== "never") onAnswer(said);
    },
    hasWorkedSince: (at) => seen.worksUntil > at,
    onReadiness: (isReady) => seen.readiness.push(isReady),
    onFailure: (failures) => seen.failures.push(failures),
    onUnresponsive: () => {
      seen.ends++;
    },
  });
  check.start();
  return { seen, check };
}

/** Deadlines come late by two ticks at the most. */
const pass = (ms: number) => vi.advanceTimersByTime(ms + 10);

describe("HealthCheck", () => {
  it("asks once in an interval", () => {
    const { seen } = watch(() => true);
    expect(seen.pings).toBe(0);
    for (let time = 1; time <= 5; time++) {
      pass(INTERVAL_MS);
      expect(seen.pings).toBe(time);
    }
    expect(seen).toMatchObject({ failures: [], ends: 0 });
  });

  it("ends a guest that is silent for as many timeouts as may fail, asking once", () => {
    const { seen } = watch(() => "never");
    pass(INTERVAL_MS);
    pass(TIMEOUT_MS);
    expect(seen).toMatchObject({ failures: [1], ends: 0 });
    pass(TIMEOUT_MS);
    expect(seen).toMatchObject({ pings: 1, failures: [1, 2], ends: 1 });
    pass(10 * INTERVAL_MS);
    expect(seen.ends).toBe(1);
  });

  it("does not count the silence of a guest that works on a call", () => {
    const { seen } = watch(() => "never");
    seen.worksUntil = Number.POSITIVE_INFINITY;
    pass(INTERVAL_MS);
    for (let time = 0; time < 20; time++) pass(TIMEOUT_MS);
    expect(seen).toMatchObject({ failures: [], ends: 0 });
    seen.worksUntil = performance.now();
    pass(2 * TIMEOUT_MS);
    pass(TIMEOUT_MS);
    expect(seen.ends).toBe(1);
  });

  it("takes a late answer, and begins to count anew", () => {
    let onLate: ((isReady: boolean) => void) | undefined;
    const failures: number[] = [];
    const check = new HealthCheck({
      deadlines,
      intervalMs: INTERVAL_MS,
      timeoutMs: TIMEOUT_MS,
      failures: 2,
      ping: (onAnswer) => {
        onLate = onAnswer;
      },
      hasWorkedSince: () => false,
      onReadiness: () => undefined,
      onFailure: (count) => failures.push(count),
      onUnresponsive: () => expect.fail("it answered"),
    });
    check.start();
    for (let time = 0; time < 3; time++) {
      pass(INTERVAL_MS);
      pass(TIMEOUT_MS);
      onLate?.(true);
    }
    expect(failures).toEqual([1, 1, 1]);
    check.stop();
  });

  it("says when a guest wants no calls and when it wants them again, asking sooner meanwhile", () => {
    let isReady = false;
    const { seen, check } = watch(() => isReady);
    pass(INTERVAL_MS);
    expect([seen.readiness, check.isReady]).toEqual([[false], false]);
    isReady = true;
    pass(UNREADY_INTERVAL_MS);
    expect([seen.readiness, check.isReady]).toEqual([[false, true], true]);
    expect(seen.ends).toBe(0);
  });

  it("asks nothing once it is stopped, and hears no answer", () => {
    const { seen, check } = watch(() => false);
    check.stop();
    pass(10 * INTERVAL_MS);
    expect(seen).toMatchObject({ pings: 0, readiness: [] });
  });
});
