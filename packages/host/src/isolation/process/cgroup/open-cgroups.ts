import type { CgroupTree } from "./cgroup.js";
import { openCgroupV1 } from "./cgroup-v1.js";
import { openCgroupV2 } from "./cgroup-v2.js";
import { readOwnGroups } from "./own-groups.js";

/** The control groups this host can make, the version with the memory controller first; `undefined` for none. */
export async function openCgroups(): Promise<CgroupTree | undefined> {
  const groups = await readOwnGroups();
  const unified = groups.find((group) => group.version === 2);
  const v2 = unified === undefined ? undefined : await openCgroupV2(unified);
  if (v2?.controllers.has("memory")) return v2;
  const v1 = await openCgroupV1(groups.filter((group) => group.version === 1));
  if (v1 === undefined) return v2;
  await v2?.close();
  return v1;
}
