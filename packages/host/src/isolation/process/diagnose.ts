import type { Mechanism } from "../isolation.js";
import type { CgroupTree } from "./cgroup/cgroup.js";

export async function diagnose(_: { cgroups: CgroupTree | undefined }): Promise<readonly Mechanism[]> {
  return [];
}
