import { setTimeout as wait } from "node:timers/promises";
import { formatSize } from "@paddock/contract";
import type { KillReason } from "../isolation.js";
import type { Cgroup } from "./cgroup/cgroup.js";

/** How often the control group of a guest with several processes is looked at. */
export const GROUP_SAMPLE_MS = 250;

/**
 * What the kernel counts for a whole control group but holds for each process only: processor time, which forgets
 * nobody however short they lived, and memory, where version 1 ends one process and lets the others go on.
 */
export function startGroupWatch(options: {
  readonly cgroup: Cgroup;
  readonly limits: { readonly cpuTimeMs: number; readonly memoryBytes: number };
  readonly signal: AbortSignal;
  readonly onExcess: (reason: KillReason) => void;
}): void {
  const { cgroup, limits, signal, onExcess } = options;
  const watch = async () => {
    while (!signal.aborted) {
      const used = await cgroup.usage().catch(() => undefined);
      if (signal.aborted) return;
      if ((used?.oomKills ?? 0) > 0) {
        const message = `it needed more than its ${formatSize(limits.memoryBytes)} of memory`;
        return onExcess({ code: "MEMORY_LIMIT", message });
      }
      if ((used?.cpuMs ?? 0) > limits.cpuTimeMs) {
        const message = `it used its ${limits.cpuTimeMs / 1000} s of processor time`;
        return onExcess({ code: "CPU_LIMIT", message });
      }
      await wait(GROUP_SAMPLE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  void watch();
}
