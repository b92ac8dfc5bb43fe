import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { formatSize } from "@paddock/contract";
import { readStartTime } from "./process-status.js";
import { parseStatus } from "./seen.js";

/** How often a guest's memory is looked at. */
export const MEMORY_SAMPLE_MS = 100;

/**
 * The memory limit where no control group counts it: resource limits know what is reserved, this knows what is
 * used, page tables included, and past the limit the guest is ended. It can overrun between two looks by what
 * its resource limits leave it.
 */
export function startMemoryWatch(options: {
  readonly pid: number;
  readonly startTime: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly onExcess: (message: string) => void;
}): void {
  void watch(options);
}

async function watch(options: Parameters<typeof startMemoryWatch>[0]): Promise<void> {
  const { pid, startTime, maxBytes, signal } = options;
  while (!signal.aborted) {
    const usedBytes = await readUsedBytes(pid);
    // Gone, or another process by now.
    if (usedBytes === undefined || readStartTime(pid) !== startTime) return;
    if (usedBytes > maxBytes)
      return options.onExcess(`it needed more than its ${formatSize(maxBytes)} of memory`);
    await wait(MEMORY_SAMPLE_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Files mapped from the disk are the kernel's to drop; everything else is the guest's. */
async function readUsedBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "latin1").then(parseStatus, () => undefined);
  if (status === undefined) return undefined;
  const fields = ["RssAnon", "RssShmem", "VmPTE"].map((name) => parseInt(status.get(name) ?? "0", 10));
  return fields.reduce((sum, kilobytes) => sum + kilobytes * 1024, 0);
}
