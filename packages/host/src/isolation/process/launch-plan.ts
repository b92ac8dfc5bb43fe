import type { GrantedMount, LaunchSpec } from "../isolation.js";
import type { Cgroup } from "./cgroup/cgroup.js";

/** The uid and gid that every guest sees itself as. */
export const GUEST_ID = 1000;

/** Where the launch stub appears inside the walls until it has covered its own tracks. */
export const STUB_TARGET = "/.launch-stub";

/**
 * Whether a process of ours is the first one of the guest and the program the second: where the program may start
 * others, and where a person sends it signals, which a first process would not feel.
 */
export function hasInit({ stdio, limits }: LaunchSpec): boolean {
  return stdio === "raw" || limits.processes > 1;
}

/** Everything the walls need to know about one launch; made once, changed by nobody. */
export interface LaunchPlan {
  readonly spec: LaunchSpec;
  /** The kernel's ids of the guest: the host's own, or the plugin's when the host is root. */
  readonly uid: number;
  readonly gid: number;
  /** Read-only inputs and executables with the path at which bubblewrap finds them. */
  readonly inputs: readonly PlannedInput[];
  /** Grants with the path at which bubblewrap finds them. */
  readonly mounts: readonly PlannedMount[];
  /** Where bubblewrap finds the data directory. */
  readonly dataSource: string | undefined;
  /** Whether the kernel itself stops writes over the quota of the data directory. */
  readonly isDataQuotaKernel: boolean;
  readonly stubSource: string;
  readonly seccompProgram: Uint8Array;
  readonly cgroup: Cgroup | undefined;
  /** Whether the first process moves itself into the group, before it becomes anything else. */
  readonly joinsCgroup: boolean;
  /** Hard limits of the host process, which no guest can be given more than. */
  readonly hostLimits: ReadonlyMap<string, number>;
}

/** The guest's own files. */
export interface PlannedData {
  readonly path: string;
  /** The mount namespace in which that path is a volume of its own; the kernel holds its quota then. */
  readonly mounts: string | undefined;
  /** Says that the guest is gone. */
  readonly release: () => void;
}

export interface PlannedMount extends GrantedMount {
  /** Who it belongs to on the disk. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Device and inode: what must be found at the target. */
  readonly identity: string;
}

export interface PlannedInput {
  readonly source: string;
  readonly target: string;
  readonly executable: boolean;
}
