import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Cgroup, type CgroupLimits, type CgroupTree, type Controller, CPU_PERIOD_US } from "./cgroup.js";
import {
  ownGroupName,
  readKeyed,
  readNumber,
  removeGroup,
  sweepGroups,
  write,
  writeIfPresent,
} from "./files.js";
import type { OwnGroup } from "./own-groups.js";

const WANTED = ["memory", "cpu", "cpuacct", "pids"] as const;
type V1Controller = (typeof WANTED)[number];

interface Place {
  readonly controllers: readonly V1Controller[];
  /** Directory of the group that this process is in. */
  readonly own: string;
  readonly path: string;
  /** `hierarchy:controllers:` as in /proc/PID/cgroup. */
  readonly prefix: string;
}

/** Control groups version 1 below this process's own groups, or `undefined` where none can be made. */
export async function openCgroupV1(groups: readonly OwnGroup[]): Promise<CgroupTree | undefined> {
  const places: Place[] = [];
  for (const group of groups) {
    const controllers = WANTED.filter((name) => group.controllers.includes(name));
    if (controllers.length === 0) continue;
    const directory = join(group.directory, ownGroupName());
    const isMade = await mkdir(directory, { recursive: true }).then(
      () => true,
      () => false,
    );
    if (isMade) places.push({ controllers, own: group.directory, path: group.path, prefix: group.prefix });
  }
  if (places.length === 0) return undefined;
  const has = (name: V1Controller) => places.some((place) => place.controllers.includes(name));
  const controllers = new Set((["memory", "cpu", "pids"] as const).filter((name: Controller) => has(name)));
  return {
    version: 1,
    controllers,
    found: `version 1: ${[...controllers].join(", ")} below ${places[0]?.own}`,
    create: (label, limits) => createGroup(places, label, limits),
    sweep: async () => {
      for (const place of places) await sweepGroups(place.own);
    },
    close: async () => {
      for (const place of places) await removeGroup(join(place.own, ownGroupName()));
    },
  };
}

function createGroup(places: readonly Place[], label: string, limits: CgroupLimits): Cgroup {
  const directories = new Map<V1Controller, string>();
  const all: string[] = [];
  const memberships: string[] = [];
  for (const place of places) {
    const directory = join(place.own, ownGroupName(), label);
    all.push(directory);
    memberships.push(`${place.prefix}${join(place.path, ownGroupName(), label)}`);
    for (const name of place.controllers) directories.set(name, directory);
  }
  const made = make(all, directories, limits);
  // Whoever places a process hears of it.
  made.catch(() => undefined);
  const at = (name: V1Controller, file: string) => join(directories.get(name) ?? "", file);
  return {
    hasMemory: directories.has("memory"),
    hasCpu: directories.has("cpu"),
    memberships,
    made,
    joinFiles: all.map((directory) => join(directory, "tasks")),
    place: async (pid) => {
      await made;
      for (const directory of all) await write(directory, "cgroup.procs", pid);
    },
    limitCpu: async () => {
      const cpu = directories.get("cpu");
      if (cpu === undefined) return;
      await write(cpu, "cpu.cfs_period_us", CPU_PERIOD_US);
      await write(cpu, "cpu.cfs_quota_us", Math.max(1_000, Math.round(limits.cpuCores * CPU_PERIOD_US)));
    },
    // Its freezer holds back even SIGKILL: a guest frozen when its host is killed would stay for ever.
    freezer: undefined,
    usage: async () => {
      const [memoryBytes, memoryPeakBytes, cpuNs, oomKills] = await Promise.all([
        readNumber(at("memory", "memory.usage_in_bytes")),
        readNumber(at("memory", "memory.max_usage_in_bytes")),
        readNumber(at("cpuacct", "cpuacct.usage")),
        // memory.failcnt stays 0 for kills; only this counter moves.
        readKeyed(at("memory", "memory.oom_control"), "oom_kill"),
      ]);
      return { memoryBytes, memoryPeakBytes, cpuMs: cpuNs === undefined ? undefined : cpuNs / 1e6, oomKills };
    },
    remove: async () => {
      await made.catch(() => undefined);
      await Promise.all(all.map(removeGroup));
    },
  };
}

async function make(
  all: readonly string[],
  directories: ReadonlyMap<V1Controller, string>,
  limits: CgroupLimits,
): Promise<void> {
  await Promise.all(all.map((directory) => mkdir(directory, { recursive: true })));
  const memory = directories.get("memory");
  const pids = directories.get("pids");
  await Promise.all([
    memory === undefined ? undefined : limitMemory(memory, limits.memoryBytes),
    pids === undefined ? undefined : write(pids, "pids.max", limits.tasks),
  ]);
}

async function limitMemory(directory: string, bytes: number): Promise<void> {
  await write(directory, "memory.limit_in_bytes", bytes);
  // With swap accounting: no swap on top of the memory.
  await writeIfPresent(directory, "memory.memsw.limit_in_bytes", bytes);
}
