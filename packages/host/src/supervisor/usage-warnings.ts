import type { WatchedResource } from "../telemetry/lifecycle-event.js";
import type { LoadedPlugin } from "./plugin.js";
import type { Sample } from "./sample-history.js";

export const WARNING_PERCENTS = [80, 90] as const;
/** Below this a resource may be warned of again: use that goes up and down around a mark is said once. */
export const QUIET_PERCENT = 70;

export interface UsageWarning {
  readonly resource: WatchedResource;
  readonly percent: (typeof WARNING_PERCENTS)[number];
  readonly used: number;
  readonly limit: number;
}

/** The highest mark that was warned of, by resource. */
export type Warned = Readonly<Partial<Record<WatchedResource, number>>>;

/** Which marks a sample passes that were not passed before, and what to remember. */
export function decideWarnings(
  sample: Sample,
  plugin: Pick<LoadedPlugin, "limits" | "program">,
  warned: Warned,
): { readonly warnings: readonly UsageWarning[]; readonly warned: Warned } {
  const warnings: UsageWarning[] = [];
  const remembered: Partial<Record<WatchedResource, number>> = { ...warned };
  for (const [resource, value, limit] of usedOf(sample, plugin)) {
    if (value === undefined) continue;
    const percent = (value / limit) * 100;
    const mark = WARNING_PERCENTS.findLast((one) => percent >= one);
    if (mark !== undefined && mark > (warned[resource] ?? 0)) {
      warnings.push({ resource, percent: mark, used: value, limit });
      remembered[resource] = mark;
    }
    if (percent < QUIET_PERCENT) delete remembered[resource];
  }
  return { warnings, warned: remembered };
}

/** How much of each limit a guest uses. */
export function usedOf(
  sample: Sample,
  { limits, program }: Pick<LoadedPlugin, "limits" | "program">,
): readonly (readonly [WatchedResource, used: number | undefined, limit: number])[] {
  const { baseline } = program;
  return [
    ["memory", sample.memoryBytes, limits.memoryBytes],
    ["cpu", sample.cpuCores, limits.cpuCores],
    ["disk", sample.diskBytes, limits.diskBytes],
    ["scratch", sample.scratchBytes, limits.scratchBytes],
    ["files", sample.files, limits.files + baseline.files],
    // The one process that every guest has is no news.
    ["processes", limits.processes === 1 ? undefined : sample.processes, limits.processes],
    ["threads", sample.threads, limits.threads + baseline.threads],
  ];
}
