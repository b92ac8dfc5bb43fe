import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { formatSize } from "@paddock/contract";
import { readStartTime } from "./process-status.js";
import { parseStatus } from "./seen.js";

/** How often a guest's memory is looked at. */
export const MEMORY_SAMPLE_MS = 100;

export interface MemoryWatch {
  /** The most that was seen, bytes. */
  readonly peakBytes: () => number;
}

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
}): MemoryWatch {
  const seen = { peakBytes: 0 };
  void watch(options, seen);
  return { peakBytes: () => seen.peakBytes };
}

async function watch(
  options: Parameters<typeof startMemoryWatch>[0],
  seen: { peakBytes: number },
): Promise<void> {
  const { pid, startTime, maxBytes, signal } = options;
  while (!signal.aborted) {
    // Not being able to look, for want of descriptors, is no reason to look no more.
    const usedBytes = await readUsedBytes(pid, startTime).catch(() => 0);
    seen.peakBytes = Math.max(seen.peakBytes, usedBytes);
    if (usedBytes > maxBytes)
      return options.onExcess(`it needed more than its ${formatSize(maxBytes)} of memory`);
    await wait(MEMORY_SAMPLE_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Files mapped from the disk are the kernel's to drop; everything else is the guest's. */
async function readUsedBytes(pid: number, startTime: number): Promise<number> {
  const status = parseStatus(await readFile(`/proc/${pid}/status`, "latin1"));
  // Another process by now.
  if (readStartTime(pid) !== startTime) return 0;
  const fields = ["RssAnon", "RssShmem", "VmPTE"].map((name) => parseInt(status.get(name) ?? "0", 10));
  return fields.reduce((sum, kilobytes) => sum + kilobytes * 1024, 0);
}
