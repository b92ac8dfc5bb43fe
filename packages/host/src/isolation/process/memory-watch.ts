import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { formatSize } from "@paddock/contract";
import { readStartTime } from "../../process-status.js";
import type { ProcessName } from "./children-of.js";
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
  readonly list: () => readonly ProcessName[];
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
  const { list, maxBytes, signal } = options;
  while (!signal.aborted) {
    const usedBytes = await readUsedBytes(list(), maxBytes);
    seen.peakBytes = Math.max(seen.peakBytes, usedBytes);
    if (usedBytes > maxBytes)
      return options.onExcess(`it needed more than its ${formatSize(maxBytes)} of memory`);
    await wait(MEMORY_SAMPLE_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** What processes share after a fork counts once: only asked for when it matters, because the kernel has to count. */
async function readUsedBytes(processes: readonly ProcessName[], maxBytes: number): Promise<number> {
  const atMost = sum(await Promise.all(processes.map(readOwnBytes)));
  if (atMost <= maxBytes || processes.length === 1) return atMost;
  return sum(await Promise.all(processes.map(readShareBytes)));
}

/**
 * Files mapped from the disk are the kernel's to drop; everything else is the guest's. Not being able to look, for
 * want of descriptors, is no reason to look no more.
 */
async function readOwnBytes({ pid, startTime }: ProcessName): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, "latin1").catch(() => "");
  // Another process by now.
  if (readStartTimeIfPossible(pid) !== startTime) return 0;
  const status = parseStatus(text);
  return kilobytes(["RssAnon", "RssShmem", "VmPTE"].map((name) => status.get(name)));
}

async function readShareBytes(name: ProcessName): Promise<number> {
  const text = await readFile(`/proc/${name.pid}/smaps_rollup`, "latin1").catch(() => undefined);
  if (text === undefined) return readOwnBytes(name);
  const found = parseStatus(text);
  return kilobytes(["Pss_Anon", "Pss_Shmem"].map((field) => found.get(field)));
}

function readStartTimeIfPossible(pid: number): number | undefined {
  try {
    return readStartTime(pid);
  } catch {
    return undefined;
  }
}

function kilobytes(fields: readonly (string | undefined)[]): number {
  return sum(fields.map((field) => Number.parseInt(field ?? "0", 10) * 1024));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
