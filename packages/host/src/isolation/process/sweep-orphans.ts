import { readdirSync, readFileSync } from "node:fs";
import { readStat } from "../../process-status.js";
import { STUB_TARGET } from "./launch-plan.js";
import { signalProcess } from "./signal-process.js";

/**
 * Ends guests whose bubblewrap is gone. Guests ask to die with it as their last step, so that a host which is
 * killed in the very moment of a start may leave one that waits for ever; no living guest is without its own.
 */
export function sweepOrphans(bubblewrap: string): void {
  for (const pid of processes()) {
    if (!isStarting(pid, bubblewrap) || !isInside(pid)) continue;
    const stat = readStat(pid);
    if (stat !== undefined && !isStarting(stat.parent, bubblewrap))
      signalProcess(pid, stat.startTime, "SIGKILL");
  }
}

function processes(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** A bubblewrap that was told to run the launch stub: the one outside, or its child before that is the stub. */
function isStarting(pid: number, bubblewrap: string): boolean {
  const [program, ...args] = read(pid, "cmdline").split("\0");
  return program === bubblewrap && args.includes(STUB_TARGET);
}

/** Process 1 of a process namespace of its own. */
function isInside(pid: number): boolean {
  return /^NSpid:(\t\d+)+\t1$/m.test(read(pid, "status"));
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}
