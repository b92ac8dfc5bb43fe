import type { CgroupTree } from "./cgroup.js";
import { openCgroupV1 } from "./cgroup-v1.js";
import { openCgroupV2 } from "./cgroup-v2.js";
import { sweepGroups } from "./files.js";
import { readOwnGroups } from "./own-groups.js";

/** The groups of this process, which all of its hosts share: the kernel knows only the process. */
const shared: { users: number; tree: Promise<CgroupTree | undefined> | undefined } = {
  users: 0,
  tree: undefined,
};

/**
 * The control groups this process can make, the version with the memory controller first; `undefined` for none.
 * Each host opens and closes them for itself; the last one to close removes them.
 */
export async function openCgroups(): Promise<CgroupTree | undefined> {
  shared.users++;
  shared.tree ??= open();
  const tree = await shared.tree;
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    shared.users--;
    if (shared.users > 0) return;
    shared.tree = undefined;
    await tree?.close();
  };
  if (tree !== undefined) return { ...tree, close };
  await close();
  return undefined;
}

async function open(): Promise<CgroupTree | undefined> {
  const groups = await readOwnGroups();
  const unified = groups.find((group) => group.version === 2);
  const v2 = unified === undefined ? undefined : await openCgroupV2(unified);
  if (v2?.controllers.has("memory")) return v2;
  const v1 = await openCgroupV1(groups.filter((group) => group.version === 1));
  if (v1 === undefined || unified === undefined) return v1 ?? v2;
  await v2?.close();
  const sweep = async () => {
    await v1.sweep();
    // A host that was killed just now, above, left the one that it had only tried.
    await sweepGroups(unified.directory);
  };
  return { ...v1, sweep };
}
