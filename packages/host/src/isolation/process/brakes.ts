import { setTimeout as wait } from "node:timers/promises";
import { readStat } from "../../process-status.js";
import type { Cgroup } from "./cgroup/cgroup.js";
import type { ProcessName } from "./children-of.js";
import { signalProcess } from "./signal-process.js";

/** A guest whose processes are not all standing after this is doing something about it. */
export const STOP_TIMEOUT_MS = 1_000;
/** States of a process that runs nothing: stopped, being traced, dead, waiting for a device. */
const STANDING = /^[TtZXD]$/;

export interface Brakes {
  /** Stops every process for this reason; resolves when all stand, with false when they would not. */
  hold(reason: string): Promise<boolean>;
  /** They run again when no reason is left. */
  release(reason: string): void;
}

/**
 * Stops a whole guest, for any of several reasons. By its control group where the kernel can freeze one and still
 * kill in it (version 2); else by stopping its processes, again until no new one has appeared meanwhile.
 */
export function createBrakes(list: () => readonly ProcessName[], cgroup: Cgroup | undefined): Brakes {
  const reasons = new Set<string>();
  const signalAll = (signal: "SIGSTOP" | "SIGCONT") => {
    for (const { pid, startTime } of list()) signalProcess(pid, startTime, signal);
  };
  const stop = async (): Promise<boolean> => {
    const giveUpAt = performance.now() + STOP_TIMEOUT_MS;
    for (;;) {
      if (reasons.size === 0) return true;
      signalAll("SIGSTOP");
      if (list().every(isStanding)) return true;
      if (performance.now() > giveUpAt) return false;
      await wait(1, undefined, { ref: false });
    }
  };
  const { freezer } = cgroup ?? {};
  return {
    hold: (reason) => {
      reasons.add(reason);
      return freezer === undefined ? stop() : freezer.freeze().then(() => true, stop);
    },
    release: (reason) => {
      if (!reasons.delete(reason) || reasons.size > 0) return;
      signalAll("SIGCONT");
      void freezer?.thaw().catch(() => undefined);
    },
  };
}

/** One that is gone stands for ever. */
function isStanding({ pid, startTime }: ProcessName): boolean {
  const stat = readStat(pid);
  return stat === undefined || stat.startTime !== startTime || STANDING.test(stat.state);
}
