import { readdir, readFile, statfs } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { GuestEnd, GuestProcess, KillReason, Usage } from "../isolation.js";
import { MS_PER_TICK, startCpuWatch } from "./cpu-watch.js";
import { startDiskWatch } from "./disk-watch.js";
import { classifyEnd } from "./exit.js";
import type { Launched } from "./launch.js";
import type { LaunchPlan, PlannedData } from "./launch-plan.js";
import { startMemoryWatch } from "./memory-watch.js";
import { readStat } from "./process-status.js";
import { parseStatus } from "./seen.js";
import { toSetupError } from "./setup-error.js";
import { signalProcess } from "./signal-process.js";

/** After this bubblewrap itself is killed too, which takes the guest with it. */
export const KILL_AFTER_MS = 1_000;

/** How long the last words of a dead guest may take to arrive. */
const DRAIN_TIMEOUT_MS = 250;

/** The living guest: its end, its usage, and the watches for what the kernel does not enforce here. */
export function createGuest(
  plan: LaunchPlan,
  launched: Launched,
  data: PlannedData | undefined,
): GuestProcess {
  const { child, pid, startTime } = launched;
  const abort = new AbortController();
  let killed: KillReason | undefined;
  let force: NodeJS.Timeout | undefined;

  const kill = (reason: KillReason) => {
    if (killed !== undefined || abort.signal.aborted) return;
    killed = reason;
    signalProcess(pid, startTime, "SIGKILL");
    force = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
  };

  const cpu = startCpuWatch({
    pid,
    startTime,
    cores: plan.spec.limits.cpuCores,
    isThrottling: plan.cgroup?.hasCpu !== true,
    signal: abort.signal,
  });
  const memory =
    plan.cgroup?.hasMemory !== true
      ? startMemoryWatch({
          pid,
          startTime,
          maxBytes: plan.spec.limits.memoryBytes,
          signal: abort.signal,
          onExcess: (message) => kill({ code: "MEMORY_LIMIT", message }),
        })
      : undefined;
  if (data !== undefined && data.mounts === undefined) {
    startDiskWatch({
      directory: data.path,
      pid,
      maxBytes: plan.spec.limits.diskBytes,
      maxFiles: plan.spec.limits.inodes,
      cpuMs: () => (readStat(pid)?.cpuTicks ?? 0) * MS_PER_TICK,
      signal: abort.signal,
      onExcess: (message) => kill({ code: "DISK_LIMIT", message }),
    });
  }

  const ended = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  }).then(() => finish());

  async function finish(): Promise<GuestEnd> {
    abort.abort();
    clearTimeout(force);
    await Promise.race([closed(launched), wait(DRAIN_TIMEOUT_MS, undefined, { ref: false })]);
    const last = await plan.cgroup?.usage().catch(() => undefined);
    await plan.cgroup?.remove();
    data?.release();
    const said = await launched.status.read();
    await launched.status.close();
    const lastLines = launched.logs.flatMap((log) => log.lastLines());
    for (const log of launched.logs) log.close();
    for (const stream of child.stdio) stream?.destroy();
    return classifyEnd(plan.spec, {
      exitCode: said.exitCode ?? exitCodeOf(child.exitCode, child.signalCode),
      killed,
      oomKills: last?.oomKills ?? 0,
      memoryPeakBytes: last?.memoryPeakBytes ?? memory?.peakBytes(),
      cpuMs: last?.cpuMs ?? cpu.usedMs(),
      lastLines,
    });
  }

  return {
    pid,
    channel: launched.channel,
    posture: launched.posture,
    ended,
    kill,
    confineCpu: async () => {
      try {
        await plan.cgroup?.limitCpu();
      } catch (error) {
        throw toSetupError(error, plan.spec.label);
      }
    },
    usage: () => readUsage(plan, pid, cpu.usedMs()),
  };
}

async function closed(launched: Launched): Promise<void> {
  const streams = [launched.child.stdout, launched.child.stderr];
  await Promise.all([
    ...streams.map((stream) =>
      stream === null || stream.readableEnded || stream.destroyed
        ? undefined
        : new Promise<void>((resolve) => stream.once("close", resolve).once("end", resolve)),
    ),
  ]);
}

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number | undefined {
  return code ?? (signal === "SIGKILL" ? 137 : undefined);
}

async function readUsage(plan: LaunchPlan, pid: number, cpuMs: number | undefined): Promise<Usage> {
  const [group, status, data, scratch, descriptors] = await Promise.all([
    plan.cgroup?.usage().catch(() => undefined),
    readFile(`/proc/${pid}/status`, "latin1").then(parseStatus, () => new Map<string, string>()),
    plan.dataSource === undefined ? undefined : usedBytes(`/proc/${pid}/root/data`, plan.isDataQuotaKernel),
    usedBytes(`/proc/${pid}/root/tmp`, true),
    readdir(`/proc/${pid}/fd`).catch(() => undefined),
  ]);
  return {
    memoryBytes: group?.memoryBytes ?? kilobytes(status.get("VmRSS")),
    memoryPeakBytes: group?.memoryPeakBytes ?? kilobytes(status.get("VmHWM")),
    cpuMs: group?.cpuMs ?? cpuMs,
    dataBytes: data,
    scratchBytes: scratch,
    threads: status.get("Threads") === undefined ? undefined : Number(status.get("Threads")),
    files: descriptors?.length,
  };
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
