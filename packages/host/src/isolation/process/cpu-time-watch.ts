import { setTimeout as wait } from "node:timers/promises";
import type { Cgroup } from "./cgroup/cgroup.js";

/** How often the time of a guest with several processes is looked at. */
export const CPU_TIME_SAMPLE_MS = 500;

/**
 * The processor time of a whole control group, where the kernel's own limit is one for each process: it forgets
 * nobody, however short they lived.
 */
export function startCpuTimeWatch(
  cgroup: Cgroup,
  maxMs: number,
  signal: AbortSignal,
  onExcess: (message: string) => void,
): void {
  const watch = async () => {
    while (!signal.aborted) {
      const usedMs = (await cgroup.usage().catch(() => undefined))?.cpuMs ?? 0;
      if (usedMs > maxMs && !signal.aborted)
        return onExcess(`it used its ${maxMs / 1000} s of processor time`);
      await wait(CPU_TIME_SAMPLE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  void watch();
}
