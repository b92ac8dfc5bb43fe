import { lstat, opendir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { formatSize } from "@paddock/contract";
import type { ProcessName } from "./children-of.js";

/** How often a busy guest's directory is measured, at the most. */
export const DISK_SAMPLE_MS = 50;
/** Measuring may take at most one part in so many of the time. */
const DUTY = 10;

/**
 * The quota of a plain directory, where the kernel cannot be asked to hold one: measured while the guest is
 * busy, and past the quota the guest is ended. It can overrun by what it writes between two looks.
 */
export function startDiskWatch(options: {
  readonly directory: string;
  readonly list: () => readonly ProcessName[];
  readonly maxBytes: number;
  readonly maxFiles: number;
  /** Processor time of the guest so far: while it stands still, nothing was written. */
  readonly cpuMs: () => number;
  readonly signal: AbortSignal;
  readonly onExcess: (message: string) => void;
}): void {
  void watch(options).catch(() => options.onExcess("its data directory could not be measured"));
}

async function watch(options: Parameters<typeof startDiskWatch>[0]): Promise<void> {
  const { directory, list, maxBytes, maxFiles, signal } = options;
  let measuredAtCpuMs = -1;
  while (!signal.aborted) {
    const cpuMs = options.cpuMs();
    if (cpuMs === measuredAtCpuMs) {
      await wait(DISK_SAMPLE_MS, undefined, { signal, ref: false }).catch(() => undefined);
      continue;
    }
    measuredAtCpuMs = cpuMs;
    const startedAt = performance.now();
    const writtenBytes = await readWrittenBytes(list());
    const found = await measureDirectory(directory, maxBytes, maxFiles);
    const usedBytes = found.bytes + (await measureNameless(list(), directory));
    if (signal.aborted) return;
    if (usedBytes > maxBytes) return options.onExcess(`it keeps more than ${formatSize(maxBytes)} in /data`);
    if (found.files > maxFiles) return options.onExcess(`it keeps more than ${maxFiles} files in /data`);
    const pauseMs = Math.max(DISK_SAMPLE_MS, (performance.now() - startedAt) * DUTY);
    const isDue = async () => (await readWrittenBytes(list())) - writtenBytes > maxBytes - usedBytes;
    await pause(pauseMs, isDue, signal);
  }
}

/** A guest with many files takes long to measure: when it may have filled the rest meanwhile, the pause is over. */
async function pause(pauseMs: number, isDue: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const until = performance.now() + pauseMs;
  do await wait(DISK_SAMPLE_MS, undefined, { signal, ref: false }).catch(() => undefined);
  while (!signal.aborted && performance.now() < until && !(await isDue()));
}

/** Everything it ever wrote by system calls, to whatever: an upper bound of what it wrote to its files. */
async function readWrittenBytes(processes: readonly ProcessName[]): Promise<number> {
  const written = processes.map(async ({ pid }) => {
    const text = await readFile(`/proc/${pid}/io`, "latin1").catch(() => "");
    return Number(/^wchar: (\d+)$/m.exec(text)?.[1] ?? 0);
  });
  return (await Promise.all(written)).reduce((sum, bytes) => sum + bytes, 0);
}

export interface DirectoryUse {
  readonly bytes: number;
  readonly files: number;
}

/** Blocks really used, links not followed; stops counting once either bound is passed. */
export async function measureDirectory(
  directory: string,
  maxBytes: number,
  maxFiles: number,
): Promise<DirectoryUse> {
  let bytes = 0;
  let files = 0;
  const pending = [directory];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const entries = await opendir(next).catch(passOverGone);
    if (entries === undefined) continue;
    for await (const entry of entries) {
      files++;
      const path = join(next, entry.name);
      if (entry.isDirectory()) pending.push(path);
      const stats = await lstat(path).catch(passOverGone);
      bytes += (stats?.blocks ?? 0) * 512;
      if (bytes > maxBytes || files > maxFiles) return { bytes, files };
    }
  }
  return { bytes, files };
}

/** The guest may remove what we are about to look at; what it locks or buries too deep counts as over the quota. */
function passOverGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}

/** Files that were deleted, or never named, are on the disk for as long as the guest has them open. */
async function measureNameless(processes: readonly ProcessName[], directory: string): Promise<number> {
  const { dev } = await stat(directory);
  const open = await Promise.all(processes.map(({ pid }) => listOpen(pid)));
  const files = await Promise.all(open.flat().map((path) => stat(path).catch(() => undefined)));
  const nameless = new Map(files.map((file) => [file?.dev === dev && file.nlink === 0 ? file.ino : 0, file]));
  nameless.delete(0);
  return [...nameless.values()].reduce((sum, file) => sum + (file?.blocks ?? 0) * 512, 0);
}

async function listOpen(pid: number): Promise<readonly string[]> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  return names.map((name) => `/proc/${pid}/fd/${name}`);
}
