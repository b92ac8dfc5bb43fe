import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { readStat } from "./process-status.js";
import { signalProcess } from "./signal-process.js";

/** How long a process may take to stop: it may be in the middle of a mount. */
const STOP_TIMEOUT_MS = 500;

/**
 * Ends a bubblewrap that is still raising walls, and the child that it may have just made. The child asks to
 * die with its parent only later, and until then waits for it: of a parent killed alone it would wait for ever.
 */
export async function killStarting(pid: number): Promise<void> {
  const startTime = readStat(pid)?.startTime;
  if (startTime === undefined || !signalProcess(pid, startTime, "SIGSTOP")) return;
  // Stopped, it can make no more.
  const giveUpAt = performance.now() + STOP_TIMEOUT_MS;
  while (!isStopped(pid) && performance.now() < giveUpAt) await wait(1);
  for (const child of childrenOf(pid)) {
    const stat = readStat(child);
    if (stat !== undefined) signalProcess(child, stat.startTime, "SIGKILL");
  }
  signalProcess(pid, startTime, "SIGKILL");
}

function isStopped(pid: number): boolean {
  return !/^[RSD]$/.test(readStat(pid)?.state ?? "");
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1")
      .trim()
      .split(" ")
      .filter(Boolean)
      .map(Number);
  } catch {
    // A kernel without that file: look at everybody.
    return readdirSync("/proc")
      .map(Number)
      .filter((one) => readStat(one)?.parent === pid);
  }
}
