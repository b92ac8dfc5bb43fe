import { setTimeout as wait } from "node:timers/promises";
import { readStat } from "../../process-status.js";
import type { GuestEnd, GuestProcess, KillReason } from "../isolation.js";
import { createBrakes } from "./brakes.js";
import { MS_PER_TICK } from "./cpu-meter.js";
import { startCpuWatch } from "./cpu-watch.js";
import { startDiskWatch } from "./disk-watch.js";
import { classifyEnd } from "./exit.js";
import { startGroupWatch } from "./group-watch.js";
import { listGuestProcesses } from "./guest-processes.js";
import { readUsage } from "./guest-usage.js";
import type { Launched } from "./launch.js";
import { hasInit, type LaunchPlan, type PlannedData } from "./launch-plan.js";
import { startMemoryWatch } from "./memory-watch.js";
import { openOutput } from "./output-file.js";
import { toSetupError } from "./setup-error.js";
import { signalGuest } from "./signal-guest.js";
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
  const { child, ids, streams } = launched;
  const { first, program } = ids;
  const hasOthers = plan.spec.limits.processes > 1;
  const list = () => listGuestProcesses(first, hasInit(plan.spec));
  const brakes = createBrakes(list, plan.cgroup);
  const { output } = launched;
  const abort = new AbortController();
  let killed: KillReason | undefined;
  let force: NodeJS.Timeout | undefined;

  const kill = (reason: KillReason) => {
    if (killed !== undefined || abort.signal.aborted) return;
    killed = reason;
    signalProcess(first.pid, first.startTime, "SIGKILL");
    force = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
  };

  const endForTime = (message: string) => kill({ code: "CPU_LIMIT", message });
  const cpu = startCpuWatch({
    list,
    cores: plan.spec.limits.cpuCores,
    brakes: plan.cgroup?.hasCpu === true ? undefined : brakes,
    // The kernel counts each process by itself.
    maxMs: hasOthers ? plan.spec.limits.cpuTimeMs : undefined,
    signal: abort.signal,
    onExcess: endForTime,
  });
  if (hasOthers && plan.cgroup !== undefined)
    startGroupWatch({ cgroup: plan.cgroup, limits: plan.spec.limits, signal: abort.signal, onExcess: kill });
  const memory =
    plan.cgroup?.hasMemory !== true
      ? startMemoryWatch({
          list,
          maxBytes: plan.spec.limits.memoryBytes,
          signal: abort.signal,
          onExcess: (message) => kill({ code: "MEMORY_LIMIT", message }),
        })
      : undefined;
  if (data !== undefined && data.mounts === undefined && plan.spec.data?.isWatched !== false) {
    startDiskWatch({
      directory: data.path,
      list,
      maxBytes: plan.spec.limits.diskBytes,
      maxFiles: plan.spec.limits.inodes,
      cpuMs: () => list().reduce((sum, { pid }) => sum + (readStat(pid)?.cpuTicks ?? 0) * MS_PER_TICK, 0),
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
    await Promise.race([streams.drained(), wait(DRAIN_TIMEOUT_MS, undefined, { ref: false })]);
    const last = await plan.cgroup?.usage().catch(() => undefined);
    await plan.cgroup?.remove();
    data?.release();
    const said = await launched.status.read();
    await launched.status.close();
    const lastLines = streams.lastLines();
    streams.close();
    await output?.close();
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
    pid: program.pid,
    channel: streams.channel,
    data: streams.data,
    stdio: streams.raw,
    posture: launched.posture,
    ended,
    kill,
    suspend: async () => {
      if (!(await brakes.hold("suspended")))
        kill({ code: "KILLED", message: "it could not be suspended, so it was ended" });
    },
    resume: async () => brakes.release("suspended"),
    signal: (name) => signalGuest(ids, name),
    openOutput: (name) => openOutput(output, plan.spec.label, name),
    confineCpu: async () => {
      try {
        await plan.cgroup?.limitCpu();
      } catch (error) {
        // It has ended, and its groups are going: nothing is left to be confined.
        if (abort.signal.aborted) return;
        throw toSetupError(error, plan.spec.label);
      }
    },
    usage: () => readUsage(plan, program.pid, list(), cpu.usedMs()),
    cpuMs: () => cpu.usedMs(),
  };
}

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number | undefined {
  return code ?? (signal === "SIGKILL" ? 137 : undefined);
}
