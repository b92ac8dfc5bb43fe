import { LIMIT_NAMES, type LimitName } from "@paddock/contract";
import type { Controller } from "./cgroup/cgroup.js";
import { CPU_SAMPLE_MS } from "./cpu-watch.js";
import { DISK_SAMPLE_MS } from "./disk-watch.js";
import { MEMORY_SAMPLE_MS } from "./memory-watch.js";

/**
 * Who holds a limit: the kernel at every instant, the host by looking again and again, or because the
 * thing passes through its hands.
 */
export type Enforcer = "kernel" | "sampling" | "host";

export interface Enforcement {
  readonly limit: LimitName;
  readonly by: Enforcer;
  /** With what, for people. */
  readonly how: string;
}

/** What decides about enforcement; everything else is the same wherever guests can run at all. */
export interface Means {
  /** Control groups that the host may make, by controller; `undefined` for none at all. */
  readonly controllers: ReadonlySet<Controller> | undefined;
  /** Whether the host may mount a volume for each plugin and tenant. */
  readonly hasVolumes: boolean;
}

const ALL_CONTROLLERS: ReadonlySet<Controller> = new Set(["memory", "cpu", "pids"]);

/** What a host commonly has, by who runs it. A delegated user has a control group of its own (systemd `Delegate=yes`). */
export const PRIVILEGES = {
  root: { controllers: ALL_CONTROLLERS, hasVolumes: true },
  "delegated user": { controllers: ALL_CONTROLLERS, hasVolumes: false },
  "plain user": { controllers: undefined, hasVolumes: false },
} as const satisfies Record<string, Means>;

export type Privilege = keyof typeof PRIVILEGES;

/** Every limit and who holds it with these means. */
export function enforcementOf(means: Means): readonly Enforcement[] {
  return LIMIT_NAMES.map((limit) => ({ limit, ...ENFORCED[limit](means) }));
}

/** Every limit × everybody who might run the host. */
export function enforcementTable(): Readonly<Record<Privilege, readonly Enforcement[]>> {
  return {
    root: enforcementOf(PRIVILEGES.root),
    "delegated user": enforcementOf(PRIVILEGES["delegated user"]),
    "plain user": enforcementOf(PRIVILEGES["plain user"]),
  };
}

type Held = Omit<Enforcement, "limit">;

const kernel = (how: string): Held => ({ by: "kernel", how });
const sampling = (how: string): Held => ({ by: "sampling", how });
const host = (how: string): Held => ({ by: "host", how });

const ENFORCED: Readonly<Record<LimitName, (means: Means) => Held>> = {
  memory: ({ controllers }) =>
    controllers?.has("memory")
      ? kernel("memory control group")
      : sampling(`looked at every ${MEMORY_SAMPLE_MS} ms; never above what RLIMIT_DATA reserves`),
  cpu: ({ controllers }) =>
    controllers?.has("cpu")
      ? kernel("cpu control group")
      : sampling(`looked at every ${CPU_SAMPLE_MS} ms, stopped until it has paid`),
  cpuTime: () => kernel("RLIMIT_CPU"),
  timeout: () => host("a timer; then the guest is ended"),
  startTimeout: () => host("a timer; then the guest is ended"),
  disk: ({ hasVolumes }) =>
    hasVolumes
      ? kernel("a volume of its own")
      : sampling(`measured every ${DISK_SAMPLE_MS} ms; no file above it (RLIMIT_FSIZE)`),
  scratch: () => kernel("a tmpfs of that size"),
  inodes: ({ hasVolumes }) =>
    hasVolumes
      ? kernel("its volume and its tmpfs have so many")
      : sampling(`/data is measured every ${DISK_SAMPLE_MS} ms; /tmp has so many`),
  processes: () => kernel("seccomp refuses new ones; RLIMIT_NPROC"),
  threads: ({ controllers }) =>
    kernel(`RLIMIT_NPROC in its user namespace${controllers?.has("pids") ? ", pids control group" : ""}`),
  files: () => kernel("RLIMIT_NOFILE"),
  message: () => host("a longer one ends the guest"),
  payload: () => host("a larger one is not sent"),
  result: () => host("a larger one is not taken"),
  logRate: () => host("more lines are dropped and counted"),
  concurrency: () => host("further calls are refused"),
};
