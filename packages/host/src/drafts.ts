import { randomUUID } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isAlive, readStartTime } from "./process-status.js";

/** `.draft-PID-STARTTIME-…`: pid and start time name one process for ever. */
const DRAFT = /^\.draft-(\d{1,10})-(\d{1,20})-/;

/**
 * A name beside `target` for what is not whole yet, to be renamed to it. When the process is killed meanwhile,
 * `sweepDrafts` knows that nobody is writing there any more.
 */
export function draftOf(target: string): string {
  return join(dirname(target), `.draft-${process.pid}-${readStartTime(process.pid) ?? 0}-${randomUUID()}`);
}

/** Removes drafts of processes that are gone from a directory and from those directly in it, if there are any. */
export async function sweepDrafts(directory: string, depth = 2): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(directory, entry.name);
    const [, pid, startTime] = DRAFT.exec(entry.name) ?? [];
    if (pid === undefined) {
      if (entry.isDirectory() && depth > 1) await sweepDrafts(path, depth - 1);
    } else if (!isAlive(Number(pid), Number(startTime))) await rm(path, { recursive: true, force: true });
  }
}
