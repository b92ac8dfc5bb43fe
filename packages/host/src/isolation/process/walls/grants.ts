import { dirname } from "node:path";
import { GUEST_ID, type PlannedMount } from "../launch-plan.js";
import type { MountFlag, StubInstruction } from "../stub-instructions.js";
import { expectMount, READ_ONLY, WRITABLE } from "./mount-flags.js";
import { expectSame, type WallDefinition } from "./wall.js";

/** Where grants below /tmp wait until /tmp is there. */
const WAITING = "/.grants";
const SCRATCH = "/tmp/";

/** What of the host's the guest was granted: exactly that, at its place, and nothing in it can be executed. */
export const grants: WallDefinition = {
  name: "grants",
  stub: ({ mounts }) => mounts.flatMap((mount, index) => stubSteps(mounts, mount, index)),
  check: ({ mounts }, seen) => {
    for (const mount of mounts) {
      const found = expectMount(seen, mount.target, grantFlags(mount));
      expectSame(`${mount.target} read-only`, String(mount.access === "read"), String(found.flags.has("ro")));
      expectSame(`${mount.target} as`, mount.identity, seen.identities.get(mount.target));
    }
    if (mounts.length === 0) return "none";
    return mounts.map(({ access, target }) => `${access} ${target}`).join(", ");
  },
};

/** Where bubblewrap puts a grant: the scratch space would cover what lies below /tmp. */
export function bindTarget({ target }: PlannedMount, index: number): string {
  return target.startsWith(SCRATCH) ? `${WAITING}/${index}` : target;
}

export function grantFlags({ access }: PlannedMount): readonly MountFlag[] {
  return access === "read" ? READ_ONLY : WRITABLE;
}

function stubSteps(
  mounts: readonly PlannedMount[],
  mount: PlannedMount,
  index: number,
): readonly StubInstruction[] {
  const { target } = mount;
  const flags = grantFlags(mount);
  const waiting = bindTarget(mount, index);
  if (waiting === target) return [{ kind: "remount", target, flags }];
  return [
    ...foldersTo(target)
      // In another grant they are there already, and the host's.
      .filter((path) => !mounts.some((other) => `${path}/`.startsWith(`${other.target}/`)))
      .map((path) => ({ kind: "makeDirectory", path, mode: 0o700, uid: GUEST_ID, gid: GUEST_ID }) as const),
    { kind: "bindMount", source: waiting, target, flags },
    { kind: "unmount", target: waiting },
  ];
}

/** The folders between /tmp and a target, outermost first. */
function foldersTo(target: string): readonly string[] {
  const folder = dirname(target);
  return folder === "/tmp" ? [] : [...foldersTo(folder), folder];
}
