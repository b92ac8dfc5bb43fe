import { readdir, readFile, statfs } from "node:fs/promises";
import type { Usage } from "../isolation.js";
import type { ProcessName } from "./children-of.js";
import { hasInit, type LaunchPlan } from "./launch-plan.js";
import { parseStatus } from "./seen.js";

/** What a guest uses now, by its control group where there is one, else by what its processes show. */
export async function readUsage(
  plan: LaunchPlan,
  pid: number,
  processes: readonly ProcessName[],
  cpuMs: number | undefined,
): Promise<Usage> {
  const [group, statuses, data, scratch, descriptors, io] = await Promise.all([
    plan.cgroup?.usage().catch(() => undefined),
    Promise.all(processes.map((one) => readStatus(one.pid))),
    plan.dataSource === undefined ? undefined : usedBytes(`/proc/${pid}/root/data`, plan.isDataQuotaKernel),
    usedBytes(`/proc/${pid}/root/tmp`, true),
    Promise.all(processes.map((one) => readdir(`/proc/${one.pid}/fd`).catch(() => undefined))),
    Promise.all(processes.map((one) => readInputOutput(one.pid))),
  ]);
  const total = (name: string, read: (text: string | undefined) => number | undefined) =>
    sum(statuses.map((status) => read(status?.get(name))));
  return {
    memoryBytes: group?.memoryBytes ?? total("VmRSS", kilobytes),
    memoryPeakBytes: group?.memoryPeakBytes ?? total("VmHWM", kilobytes),
    cpuMs: group?.cpuMs ?? cpuMs,
    dataBytes: data,
    scratchBytes: scratch,
    threads: total("Threads", (text) => (text === undefined ? undefined : Number(text))),
    files: sum(descriptors.map((names) => names?.length)),
    ioReadBytes: sum(io.map((one) => one?.read)),
    ioWriteBytes: sum(io.map((one) => one?.written)),
    processes: statuses.some((status) => status !== undefined)
      ? processes.length - ownProcesses(plan)
      : undefined,
  };
}

/** The first process, when it is ours. */
function ownProcesses({ spec }: LaunchPlan): number {
  return hasInit(spec) ? 1 : 0;
}

/** Of those that are known; `undefined` when none is: they are gone. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}

function readStatus(pid: number): Promise<ReadonlyMap<string, string> | undefined> {
  return readFile(`/proc/${pid}/status`, "latin1").then(parseStatus, () => undefined);
}

/** Its own and that of its dead children; page cache does not count. */
async function readInputOutput(
  pid: number,
): Promise<{ readonly read: number; readonly written: number } | undefined> {
  const text = await readFile(`/proc/${pid}/io`, "latin1").catch(() => "");
  const field = (name: string) => new RegExp(`^${name}: (\\d+)$`, "m").exec(text)?.[1];
  const [read, written] = [field("read_bytes"), field("write_bytes")];
  return read === undefined || written === undefined
    ? undefined
    : { read: Number(read), written: Number(written) };
}

function kilobytes(text: string | undefined): number | undefined {
  const match = /^(\d+) kB$/.exec(text ?? "");
  return match === null ? undefined : Number(match[1]) * 1024;
}

/** Only of file systems that are the guest's alone; a plain directory would answer for the whole disk. */
async function usedBytes(path: string, isOwnVolume: boolean): Promise<number | undefined> {
  if (!isOwnVolume) return undefined;
  const stats = await statfs(path).catch(() => undefined);
  return stats === undefined ? undefined : (stats.blocks - stats.bfree) * stats.bsize;
}
