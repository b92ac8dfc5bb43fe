import { type ProcessStat, readStat } from "./process-status.js";
import { signalProcess } from "./signal-process.js";

/** A clock tick of /proc: USER_HZ is 100 on every architecture we run on. */
export const MS_PER_TICK = 10;

/** How often a busy guest is looked at. */
export const CPU_SAMPLE_MS = 100;
/** How often an idle one. */
const IDLE_SAMPLE_MS = 1_000;

export interface CpuWatch {
  /** Processor time at the last look, milliseconds. */
  readonly usedMs: () => number;
}

/**
 * Counts a guest's processor time from outside and, where no control group limits its share, enforces the
 * share by sampling: a guest that used more than its part of a period is stopped until it has paid.
 */
export function startCpuWatch(options: {
  readonly pid: number;
  readonly startTime: number;
  readonly cores: number;
  readonly isThrottling: boolean;
  readonly signal: AbortSignal;
}): CpuWatch {
  const { pid, startTime, cores, signal } = options;
  let usedMs = 0;
  let sampledAt = performance.now();
  let creditMs = cores * CPU_SAMPLE_MS;
  let isStopped = false;

  const look = () => {
    const stat = readIfPossible(pid);
    if (stat === "hidden") {
      // It may be stopped, or busy: never lose sight of it for good.
      timer = setTimeout(look, CPU_SAMPLE_MS).unref();
      return;
    }
    if (stat?.startTime !== startTime) return;
    const now = performance.now();
    const spent = stat.cpuTicks * MS_PER_TICK - usedMs;
    usedMs += spent;
    creditMs = Math.min(cores * CPU_SAMPLE_MS, creditMs + cores * (now - sampledAt) - spent);
    sampledAt = now;
    let nextMs = spent === 0 && !isStopped ? IDLE_SAMPLE_MS : CPU_SAMPLE_MS;
    if (options.isThrottling) {
      const isOver = creditMs < 0;
      if (isOver !== isStopped) signalProcess(pid, startTime, isOver ? "SIGSTOP" : "SIGCONT");
      isStopped = isOver;
      if (isOver) nextMs = Math.min(1_000, Math.max(10, -creditMs / cores));
    }
    timer = setTimeout(look, nextMs).unref();
  };
  let timer = setTimeout(look, CPU_SAMPLE_MS).unref();
  signal.addEventListener("abort", () => {
    look();
    clearTimeout(timer);
  });
  return { usedMs: () => usedMs };
}

function readIfPossible(pid: number): ProcessStat | "hidden" | undefined {
  try {
    return readStat(pid);
  } catch {
    return "hidden";
  }
}
