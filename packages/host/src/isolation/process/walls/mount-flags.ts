import type { Seen, SeenMount } from "../seen.js";
import type { MountFlag } from "../stub-instructions.js";
import { WallDifference } from "./wall.js";

export const READ_ONLY: readonly MountFlag[] = ["ro", "nosuid", "nodev", "noexec"];
export const EXECUTABLE: readonly MountFlag[] = ["ro", "nosuid", "nodev"];
export const WRITABLE: readonly MountFlag[] = ["nosuid", "nodev", "noexec"];

/** The last mount at a target hides those before it. */
export function expectMount(seen: Seen, target: string, flags: readonly string[]): SeenMount {
  const mount = seen.mounts.findLast((one) => one.target === target);
  if (mount === undefined) throw new WallDifference(`a mount at ${target}`, "none");
  for (const flag of flags) {
    if (!mount.flags.has(flag)) throw new WallDifference(`${target} ${flag}`, [...mount.flags].join(","));
  }
  return mount;
}
