import { hasInit, type LaunchPlan } from "../launch-plan.js";
import type { RlimitResource } from "../rlimit-resources.js";
import { expectSame, type WallDefinition } from "./wall.js";

interface ResourceLimit {
  readonly resource: RlimitResource;
  /** Name in /proc/PID/limits. */
  readonly label: string;
  readonly value: (plan: LaunchPlan) => number;
}

/** setrlimit(2) inside the user namespace: soft and hard are the same, and no process may change them. */
const RESOURCE_LIMITS: readonly ResourceLimit[] = [
  {
    resource: "data",
    label: "data size",
    value: ({ spec }) => spec.baseline.dataBytes + spec.limits.memoryBytes,
  },
  // Threads count too. Inside the namespace only the guest's own are counted.
  { resource: "nproc", label: "processes", value: (plan) => taskLimit(plan) },
  {
    resource: "nofile",
    label: "open files",
    value: ({ spec }) => spec.baseline.files + DATA_CHANNEL + spec.limits.files,
  },
  {
    resource: "fsize",
    label: "file size",
    value: ({ spec }) => Math.max(spec.limits.diskBytes, spec.limits.scratchBytes),
  },
  {
    resource: "cpu",
    label: "cpu time",
    value: ({ spec }) => Math.max(1, Math.ceil(spec.limits.cpuTimeMs / 1000)),
  },
  // A core dump would write the memory of one tenant where another might read it.
  { resource: "core", label: "core file size", value: () => 0 },
  { resource: "stack", label: "stack size", value: () => 8 * 1024 * 1024 },
  { resource: "memlock", label: "locked memory", value: () => 64 * 1024 },
  { resource: "msgqueue", label: "msgqueue size", value: () => 0 },
  { resource: "sigpending", label: "pending signals", value: () => 256 },
  { resource: "nice", label: "nice priority", value: () => 0 },
  { resource: "rtprio", label: "realtime priority", value: () => 0 },
];

/** The one descriptor that the host hands over and no baseline was measured with. */
const DATA_CHANNEL = 1;

export const resourceLimits: WallDefinition = {
  name: "resource-limits",
  stub: (plan) =>
    RESOURCE_LIMITS.map(({ resource, label, value }) => {
      const limit = capped(plan, label, value(plan));
      return { kind: "rlimit", resource, soft: limit, hard: limit } as const;
    }),
  check: (plan, seen) => {
    for (const { label, value } of RESOURCE_LIMITS) {
      const limit = capped(plan, label, value(plan));
      expectSame(`${label} (soft)`, limit, seen.limits.get(label)?.soft);
      expectSame(`${label} (hard)`, limit, seen.limits.get(label)?.hard);
    }
    return RESOURCE_LIMITS.map(({ label, value }) => `${label} ${capped(plan, label, value(plan))}`).join(
      ", ",
    );
  },
};

export function taskLimit({ spec }: Pick<LaunchPlan, "spec">): number {
  const own = hasInit(spec) ? 1 : 0;
  return own + spec.limits.processes * spec.baseline.threads + spec.limits.threads;
}

/** A guest cannot be given more than the host has; without CAP_SYS_RESOURCE asking would fail the start. */
function capped(plan: LaunchPlan, label: string, value: number): number {
  return Math.min(value, plan.hostLimits.get(label) ?? value);
}
