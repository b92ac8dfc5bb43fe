import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Progress } from "./progress.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function createProgress() {
  const lines: unknown[] = [];
  return { lines, progress: new Progress((line) => lines.push(JSON.parse(line).params), 7) };
}

describe("progress", () => {
  test("is sent at once, then the newest of each interval, then no more", () => {
    const { lines, progress } = createProgress();
    for (let part = 0; part <= 100; part++) progress.report(part / 100, undefined);
    expect(lines).toEqual([{ call: 7, fraction: 0 }]);
    vi.advanceTimersByTime(100);
    expect(lines).toEqual([
      { call: 7, fraction: 0 },
      { call: 7, fraction: 1 },
    ]);
    vi.advanceTimersByTime(1_000);
    expect(lines).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
    progress.report(undefined, "again");
    expect(lines.at(-1)).toEqual({ call: 7, message: "again" });
  });

  test.each<[string, unknown, unknown, object]>([
    ["a fraction above one", 1.5, undefined, { fraction: 1 }],
    ["a fraction below zero", -1, undefined, { fraction: 0 }],
    ["no number", Number.NaN, undefined, {}],
    ["text for a fraction", "half", 3, {}],
    ["a long message", undefined, "x".repeat(500), { message: "x".repeat(200) }],
  ])("bounds %s", (_, fraction, message, sent) => {
    const { lines, progress } = createProgress();
    progress.report(fraction, message);
    expect(lines).toEqual([{ call: 7, ...sent }]);
  });
});
