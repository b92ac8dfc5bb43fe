/** What the isolation needs of control groups, whichever version the machine has. */
export interface CgroupTree {
  readonly version: 1 | 2;
  /** Controllers this host may use for its guests. */
  readonly controllers: ReadonlySet<Controller>;
  /** Where the groups are made, for people. */
  readonly found: string;
  /** Makes the group of one guest with its limits set. Rejects when the kernel refuses one. */
  create(label: string, limits: CgroupLimits): Promise<Cgroup>;
  /** Pays the kernel's grace period before the first placement has to wait for it. Never rejects. */
  warm(): Promise<void>;
  /** Removes the empty groups of hosts that are gone. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

export type Controller = "memory" | "cpu" | "pids";

export interface CgroupLimits {
  readonly memoryBytes: number;
  readonly cpuCores: number;
  /** Processes and threads together. */
  readonly tasks: number;
}

/** The control group of one guest. */
export interface Cgroup {
  /** Paths as /proc/PID/cgroup shows them, by line prefix. */
  readonly memberships: readonly string[];
  /** Moves a process in; what it starts from then on is inside too. */
  place(pid: number): Promise<void>;
  /** Separate from `create`, because a small share makes starting several times longer. */
  limitCpu(): Promise<void>;
  usage(): Promise<CgroupUsage>;
  /** Waits for the group to be empty, for a bounded time, then removes it. Never rejects. */
  remove(): Promise<void>;
}

export interface CgroupUsage {
  readonly memoryBytes: number | undefined;
  readonly memoryPeakBytes: number | undefined;
  readonly cpuMs: number | undefined;
  /** Processes that the kernel killed because the group was out of memory. */
  readonly oomKills: number;
}

/** Prefix of every group of ours; the rest is the host's name. */
export const CGROUP_PREFIX = "paddock-";

/** The kernel's accounting period for cpu shares. */
export const CPU_PERIOD_US = 100_000;
