import { describe, expect, it } from "vitest";
import type { Usage } from "../isolation/isolation.js";
import { HISTORY_SAMPLES, SampleHistory } from "./sample-history.js";

const UNKNOWN: Usage = {
  memoryBytes: undefined,
  memoryPeakBytes: undefined,
  cpuMs: undefined,
  ioReadBytes: undefined,
  ioWriteBytes: undefined,
  dataBytes: undefined,
  scratchBytes: undefined,
  threads: undefined,
  files: undefined,
  processes: undefined,
};
const MORE = { brokeredBytes: 0, connections: 0, calls: 0 };

describe("SampleHistory", () => {
  it("keeps the last two minutes, oldest first", () => {
    const history = new SampleHistory();
    expect(history.last).toBeUndefined();
    for (let at = 1; at <= HISTORY_SAMPLES + 30; at++)
      history.add({ ...UNKNOWN, memoryBytes: at }, { ...MORE, calls: at }, at, at);
    expect(history.all).toHaveLength(HISTORY_SAMPLES);
    expect(history.all[0]?.memoryBytes).toBe(31);
    expect(history.last).toMatchObject({ at: HISTORY_SAMPLES + 30, memoryBytes: HISTORY_SAMPLES + 30 });
  });

  it("tells the processors kept busy between two looks", () => {
    const history = new SampleHistory();
    expect(history.add({ ...UNKNOWN, cpuMs: 100 }, MORE, 0, 1_000).cpuCores).toBeUndefined();
    expect(history.add({ ...UNKNOWN, cpuMs: 600 }, MORE, 0, 2_000).cpuCores).toBeCloseTo(0.5);
  });

  it("averages what it keeps, and remembers the peak of the whole life", () => {
    const history = new SampleHistory();
    history.add({ ...UNKNOWN, memoryBytes: 900, memoryPeakBytes: 1_500 }, MORE, 0, 0);
    for (let at = 1; at <= HISTORY_SAMPLES; at++)
      history.add({ ...UNKNOWN, memoryBytes: at % 2 === 0 ? 100 : 300, files: 7 }, MORE, at, at);
    expect(history.average).toMatchObject({ memoryBytes: 200, files: 7 });
    expect(history.peak).toMatchObject({ memoryBytes: 1_500, files: 7 });
  });

  it("leaves out what cannot be known", () => {
    const history = new SampleHistory();
    history.add(UNKNOWN, MORE, 5, 5);
    expect(history.last).toMatchObject({ at: 5, memoryBytes: undefined, calls: 0 });
    expect(history.average).toEqual(MORE);
    expect(history.peak).toEqual(MORE);
  });

  it("repeats what a guest used that did not run", () => {
    const history = new SampleHistory();
    history.add({ ...UNKNOWN, memoryBytes: 7, cpuMs: 100 }, MORE, 1_000, 1_000);
    history.add({ ...UNKNOWN, memoryBytes: 8, cpuMs: 600 }, MORE, 2_000, 2_000);
    history.repeat(3_000, 3_000);
    expect(history.last).toMatchObject({ at: 3_000, memoryBytes: 8, cpuMs: 600, cpuCores: 0 });
    expect(history.add({ ...UNKNOWN, cpuMs: 700 }, MORE, 4_000, 4_000).cpuCores).toBeCloseTo(0.1);
    expect(history.all.map(({ at }) => at)).toEqual([1_000, 2_000, 3_000, 4_000]);
  });
});
