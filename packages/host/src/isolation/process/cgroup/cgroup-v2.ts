import { mkdir, readFile } from "node:fs/promises";
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
import { createFreezer } from "./freezer.js";
import type { OwnGroup } from "./own-groups.js";

const WANTED = ["memory", "cpu", "pids"] as const;

/** The host's own leaf: a version 2 group that holds processes cannot give controllers to its children. */
const HOST_LEAF = "host";

/**
 * Control groups version 2 below this process's own group, or `undefined` where it is not delegated to us.
 * The host moves into a leaf of its group when that is what the kernel needs to let it enable controllers.
 */
export async function openCgroupV2(group: OwnGroup): Promise<CgroupTree | undefined> {
  const own = group.directory;
  const tree = join(own, ownGroupName());
  try {
    await mkdir(tree, { recursive: true });
  } catch {
    return undefined;
  }
  const controllers = await delegate(own, tree);
  if (controllers.size === 0) {
    await leave(own, tree);
    return undefined;
  }
  return {
    version: 2,
    controllers,
    found: `version 2: ${[...controllers].join(", ")} below ${own}`,
    create: (label, limits) =>
      createGroup(tree, join(group.path, ownGroupName()), controllers, label, limits),
    sweep: () => sweepGroups(own),
    close: () => leave(own, tree),
  };
}

/** Enables what is available in both levels; moves the host aside when its presence is the obstacle. */
async function delegate(own: string, tree: string): Promise<Set<Controller>> {
  const available = (await readFile(join(own, "cgroup.controllers"), "latin1").catch(() => ""))
    .trim()
    .split(" ");
  const usable = new Set(WANTED.filter((name) => available.includes(name)));
  if (usable.size === 0) return usable;
  const enable = [...usable].map((name) => `+${name}`).join(" ");
  try {
    await write(own, "cgroup.subtree_control", enable).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EBUSY") throw error;
      const leaf = join(tree, HOST_LEAF);
      await mkdir(leaf, { recursive: true });
      await write(leaf, "cgroup.procs", process.pid);
      await write(own, "cgroup.subtree_control", enable);
    });
    await write(tree, "cgroup.subtree_control", enable);
    return usable;
  } catch {
    return new Set();
  }
}

/** Back to where the host was, and nothing of ours left. */
async function leave(own: string, tree: string): Promise<void> {
  const leaf = join(tree, HOST_LEAF);
  const members = await readFile(join(leaf, "cgroup.procs"), "latin1").catch(() => "");
  if (members.split("\n").includes(String(process.pid))) {
    // The kernel refuses processes in a group that gives controllers away, so take them back first.
    const off = WANTED.map((name) => `-${name}`).join(" ");
    await write(tree, "cgroup.subtree_control", off).catch(() => undefined);
    await write(own, "cgroup.subtree_control", off).catch(() => undefined);
    await write(own, "cgroup.procs", process.pid).catch(() => undefined);
  }
  await removeGroup(leaf);
  await removeGroup(tree);
}

function createGroup(
  tree: string,
  treePath: string,
  controllers: ReadonlySet<Controller>,
  label: string,
  limits: CgroupLimits,
): Cgroup {
  const directory = join(tree, label);
  const made = make(directory, controllers, limits);
  // Whoever places a process hears of it.
  made.catch(() => undefined);
  return {
    hasMemory: controllers.has("memory"),
    hasCpu: controllers.has("cpu"),
    made,
    joinFiles: [],
    memberships: [`0::${join(treePath, label)}`],
    place: async (pid) => {
      await made;
      await write(directory, "cgroup.procs", pid);
    },
    limitCpu: async () => {
      if (!controllers.has("cpu")) return;
      await write(
        directory,
        "cpu.max",
        `${Math.max(1_000, Math.round(limits.cpuCores * CPU_PERIOD_US))} ${CPU_PERIOD_US}`,
      );
    },
    freezer: createFreezer(directory),
    usage: async () => {
      const [memoryBytes, memoryPeakBytes, cpuUs, oomKills] = await Promise.all([
        readNumber(join(directory, "memory.current")),
        readNumber(join(directory, "memory.peak")),
        readKeyed(join(directory, "cpu.stat"), "usage_usec"),
        readKeyed(join(directory, "memory.events"), "oom_kill"),
      ]);
      return { memoryBytes, memoryPeakBytes, cpuMs: cpuUs / 1000, oomKills };
    },
    remove: async () => {
      await made.catch(() => undefined);
      await removeGroup(directory);
    },
  };
}

async function make(
  directory: string,
  controllers: ReadonlySet<Controller>,
  limits: CgroupLimits,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  if (controllers.has("memory")) {
    await write(directory, "memory.max", limits.memoryBytes);
    await writeIfPresent(directory, "memory.swap.max", 0);
    await writeIfPresent(directory, "memory.oom.group", 1);
  }
  if (controllers.has("pids")) await write(directory, "pids.max", limits.tasks);
}
