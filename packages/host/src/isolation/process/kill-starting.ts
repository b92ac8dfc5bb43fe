import { setTimeout as wait } from "node:timers/promises";
import { readStat } from "../../process-status.js";
import { childrenOf } from "./children-of.js";
import { signalProcess } from "./signal-process.js";
import type { StartedProcess } from "./start-process.js";

/** How long a process may take to stop: it may be in the middle of a mount. */
const STOP_TIMEOUT_MS = 500;

/**
 * Ends a bubblewrap that is still raising walls, and the child that it may have just made. The child asks to
 * die with its parent only later, and until then waits for it: of a parent killed alone it would wait for ever.
 */
export async function killStarting(bubblewrap: StartedProcess): Promise<void> {
  const { pid } = bubblewrap;
  if (!bubblewrap.kill("SIGSTOP")) return;
  // Stopped, it can make no more.
  const giveUpAt = performance.now() + STOP_TIMEOUT_MS;
  while (isRunning(pid) && performance.now() < giveUpAt) await wait(1);
  for (const child of childrenOf(pid)) signalProcess(child.pid, child.startTime, "SIGKILL");
  bubblewrap.kill("SIGKILL");
}

function isRunning(pid: number): boolean {
  try {
    return /^[RSD]$/.test(readStat(pid)?.state ?? "");
  } catch {
    return true;
  }
}
