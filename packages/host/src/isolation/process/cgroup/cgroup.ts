/** What the isolation needs of control groups, whichever version the machine has. */
export interface CgroupTree {
  readonly version: 1 | 2;
  /** Controllers this host may use for its guests. */
  readonly controllers: ReadonlySet<Controller>;
  /** Where the groups are made, for people. */
  readonly found: string;
  /** Begins to make the group of one guest, its limits set. */
  create(label: string, limits: CgroupLimits): Cgroup;
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
  /** Whether the kernel counts the guest's memory here. */
  readonly hasMemory: boolean;
  /** Whether `limitCpu` limits anything here. */
  readonly hasCpu: boolean;
  /** Paths as /proc/PID/cgroup shows them, by line prefix. */
  readonly memberships: readonly string[];
  /** Resolves when the group stands; rejects when the kernel refuses it. */
  readonly made: Promise<void>;
  /**
   * Files into which a process writes "0" to move itself in. The kernel lets it do so at once, where moving another
   * process waits for a grace period (0.2 against 12 ms). Version 2 has no such file.
   */
  readonly joinFiles: readonly string[];
  /** Moves a process in; what it starts from then on is inside too. Rejects when the group could not be made. */
  place(pid: number): Promise<void>;
  /** Separate from `create`, because a small share makes starting several times longer. */
  limitCpu(): Promise<void>;
  usage(): Promise<CgroupUsage>;
  /** Stops everybody in the group at once, where the kernel can still kill those it has stopped. */
  readonly freezer: CgroupFreezer | undefined;
  /** Waits for the group to be empty, for a bounded time, then removes it. Never rejects. */
  remove(): Promise<void>;
}

export interface CgroupFreezer {
  /** Resolves when nobody in the group runs any more. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
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
