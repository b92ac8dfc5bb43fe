import { readFileSync } from "node:fs";

/** Start time in clock ticks after boot (field 22 of /proc/PID/stat): with the pid it names one process for ever. */
export function readStartTime(pid: number): number | undefined {
  return readStat(pid)?.startTime;
}

/** True when that very process still runs; zombies do not count. */
export function isAlive(pid: number, startTime: number): boolean {
  const stat = readStat(pid);
  return stat !== undefined && stat.startTime === startTime && stat.state !== "Z" && stat.state !== "X";
}

export interface ProcessStat {
  readonly state: string;
  readonly parent: number;
  readonly startTime: number;
  /** User and system time, clock ticks. */
  readonly cpuTicks: number;
  /** The same of the children that it has collected. */
  readonly childTicks: number;
  readonly threads: number;
}

/**
 * `undefined` for a process that is gone; throws when it cannot be seen for another reason. Reading one small
 * /proc file takes some 20 µs and never waits for a disk.
 */
export function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    // Out of descriptors, nobody can be seen: that does not make anybody dead.
    if (isGone(error)) return undefined;
    throw error;
  }
  // The name may hold anything, even ")": fields are counted from the last one.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    state: fields[0] ?? "",
    parent: Number(fields[1]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    childTicks: Number(fields[13]) + Number(fields[14]),
    threads: Number(fields[17]),
    startTime: Number(fields[19]) - TIME_NAMESPACE_TICKS,
  };
}

/**
 * The kernel shows start times by the reader's clock: in a time namespace (time_namespaces(7)) everybody else would
 * seem to be another process, and what living hosts have made would be taken for left behind.
 */
export function parseBootOffset(text: string): number {
  const seconds = /^boottime\s+(-?\d+)\s/m.exec(text)?.[1];
  return seconds === undefined ? 0 : Number(seconds) * TICKS_PER_SECOND;
}

/** USER_HZ, which is 100 on every architecture we run on. */
const TICKS_PER_SECOND = 100;
const TIME_NAMESPACE_TICKS = parseBootOffset(readIfThere("/proc/self/timens_offsets"));

/** Kernels before 5.6 have no time namespaces. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH");
}
