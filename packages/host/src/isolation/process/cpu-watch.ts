import type { Brakes } from "./brakes.js";
import type { ProcessName } from "./children-of.js";
import { createCpuMeter } from "./cpu-meter.js";

/** How often a busy guest is looked at. */
export const CPU_SAMPLE_MS = 100;
/** How often an idle one. */
const IDLE_SAMPLE_MS = 1_000;

export interface CpuWatch {
  /** Processor time until now, or until the end, milliseconds. */
  readonly usedMs: () => number;
}

/**
 * Counts a guest's processor time from outside and, where no control group limits its share, enforces the share by
 * sampling: a guest that used more than its part of a period is stopped until it has paid. Past `maxMs` it is over.
 */
export function startCpuWatch(options: {
  readonly list: () => readonly ProcessName[];
  readonly cores: number;
  /** There where the share is held by sampling. */
  readonly brakes: Brakes | undefined;
  readonly maxMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onExcess: (message: string) => void;
}): CpuWatch {
  const { list, cores, brakes, maxMs, signal } = options;
  const meter = createCpuMeter();
  let sampledAt = performance.now();
  let creditMs = cores * CPU_SAMPLE_MS;
  let paidMs = 0;
  let isStopped = false;

  const look = () => {
    // Those that cannot be seen now may be stopped, or busy: they are counted the next time.
    if (!meter.look(list())) return;
    const now = performance.now();
    const spent = meter.usedMs() - paidMs;
    paidMs += spent;
    creditMs = Math.min(cores * CPU_SAMPLE_MS, creditMs + cores * (now - sampledAt) - spent);
    sampledAt = now;
    if (maxMs !== undefined && meter.usedMs() > maxMs && !signal.aborted)
      options.onExcess(`it used its ${maxMs / 1000} s of processor time`);
    let nextMs = spent === 0 && !isStopped ? IDLE_SAMPLE_MS : CPU_SAMPLE_MS;
    if (brakes !== undefined) {
      const isOver = creditMs < 0 && !signal.aborted;
      if (isOver && !isStopped) void brakes.hold(REASON);
      if (!isOver && isStopped) brakes.release(REASON);
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
  return {
    usedMs: () => {
      meter.look(list());
      return meter.usedMs();
    },
  };
}

const REASON = "processor share";
