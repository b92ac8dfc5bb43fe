import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** One hierarchy that this process is in. */
export interface OwnGroup {
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  /** The group as /proc/self/cgroup names it. */
  readonly path: string;
  /** What stands before the path on that line. */
  readonly prefix: string;
  /** The group in the file system. */
  readonly directory: string;
}

/** The groups of this process, where they are mounted. */
export async function readOwnGroups(): Promise<readonly OwnGroup[]> {
  const [membership, mounts] = await Promise.all([
    readFile("/proc/self/cgroup", "utf8").catch(() => ""),
    readFile("/proc/self/mountinfo", "utf8").catch(() => ""),
  ]);
  return parseOwnGroups(membership, mounts);
}

export function parseOwnGroups(membership: string, mountinfo: string): readonly OwnGroup[] {
  const mounts = mountinfo.split("\n").flatMap(parseMount);
  return membership.split("\n").flatMap((line) => {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (match === null) return [];
    const [, hierarchy = "", names = "", path = ""] = match;
    const version = hierarchy === "0" ? 2 : 1;
    const controllers = names.split(",").filter((name) => name !== "");
    const mount = mounts.find(
      (one) =>
        one.version === version && (version === 2 || controllers.every((name) => one.options.includes(name))),
    );
    if (mount === undefined) return [];
    // In a container the mount shows a part of the tree only.
    const below = relative(mount.root, path);
    // "/../x" is a group outside of this process's own cgroup namespace: no path in the mount leads there.
    if (below.startsWith("..") || path.startsWith("/..")) return [];
    return [
      { version, controllers, path, prefix: `${hierarchy}:${names}:`, directory: join(mount.target, below) },
    ];
  });
}

interface CgroupMount {
  readonly version: 1 | 2;
  readonly root: string;
  readonly target: string;
  readonly options: readonly string[];
}

/** proc(5), /proc/PID/mountinfo: id parent device root target options… - type source super-options. */
function parseMount(line: string): readonly CgroupMount[] {
  const [left = "", right = ""] = line.split(" - ");
  const [type = "", , options = ""] = right.split(" ");
  if (type !== "cgroup" && type !== "cgroup2") return [];
  const [, , , root = "/", target = ""] = left.split(" ");
  return [{ version: type === "cgroup2" ? 2 : 1, root, target, options: options.split(",") }];
}
