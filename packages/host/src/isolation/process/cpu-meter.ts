import { readStat } from "../../process-status.js";
import type { ProcessName } from "./children-of.js";

/** A clock tick of /proc: USER_HZ is 100 on every architecture we run on. */
export const MS_PER_TICK = 10;

/** Processor time of a guest, added up from look to look. */
export interface CpuMeter {
  readonly usedMs: () => number;
  /** False when the guest is gone. */
  look(processes: readonly ProcessName[]): boolean;
}

/**
 * The larger of two sums, for each misses something: what every process was seen to use, which forgets the last
 * moments of the dead, and what the living used with the children that they collected.
 */
export function createCpuMeter(): CpuMeter {
  const seen = new Map<string, number>();
  let forgottenTicks = 0;
  let usedTicks = 0;
  return {
    usedMs: () => usedTicks * MS_PER_TICK,
    look: (processes) => {
      const living = new Set<string>();
      let collectedTicks = 0;
      let isThere = false;
      for (const { pid, startTime } of processes) {
        const name = `${pid} ${startTime}`;
        const stat = readIfPossible(pid);
        if (stat === "hidden") {
          isThere = true;
          living.add(name);
        } else if (stat?.startTime === startTime) {
          isThere = true;
          living.add(name);
          seen.set(name, stat.cpuTicks);
          collectedTicks += stat.cpuTicks + stat.childTicks;
        }
      }
      for (const [name, ticks] of seen) {
        if (living.has(name)) continue;
        // Bounded: the dead are one number.
        forgottenTicks += ticks;
        seen.delete(name);
      }
      const ownTicks = [...seen.values()].reduce((sum, ticks) => sum + ticks, forgottenTicks);
      usedTicks = Math.max(usedTicks, ownTicks, collectedTicks);
      return isThere;
    },
  };
}

function readIfPossible(pid: number): ReturnType<typeof readStat> | "hidden" {
  try {
    return readStat(pid);
  } catch {
    return "hidden";
  }
}
