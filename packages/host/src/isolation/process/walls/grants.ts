import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { GUEST_ID, type LaunchPlan, type PlannedInput, type PlannedMount } from "../launch-plan.js";
import type { MountFlag, StubInstruction } from "../stub-instructions.js";
import { EXECUTABLE, expectMount, READ_ONLY, WRITABLE } from "./mount-flags.js";
import { expectSame, type WallDefinition } from "./wall.js";

const WAITING = "/.waiting";

/** What of the host's the guest was granted: exactly that, at its place, and nothing in it can be executed. */
export const grants: WallDefinition = {
  name: "grants",
  stub: (plan) => [
    ...plan.mounts
      .filter(({ target }) => !isBelowScratch(target))
      .map((mount) => ({ kind: "remount", target: mount.target, flags: grantFlags(mount) }) as const),
    ...placeBelowScratch(plan),
  ],
  check: ({ mounts }, seen) => {
    const said = mounts.map((mount) => {
      const found = expectMount(seen, mount.target, grantFlags(mount));
      expectSame(`${mount.target} read-only`, String(mount.access === "read"), String(found.flags.has("ro")));
      expectSame(`${mount.target} as`, mount.identity, seen.identities.get(mount.target));
      return `${mount.access} ${mount.target}${found.flags.has("idmapped") ? " as its owner" : ""}`;
    });
    return said.length === 0 ? "none" : said.join(", ");
  },
};

/** Whether the scratch space, which comes later, would cover it. */
export function isBelowScratch(target: string): boolean {
  return target.startsWith("/tmp/");
}

/** Where bubblewrap puts what lies below /tmp until that is there. */
export function waitingPlace(target: string): string {
  return `${WAITING}/${createHash("sha256").update(target).digest("hex")}`;
}

export function grantFlags({ access }: PlannedMount): readonly MountFlag[] {
  return access === "read" ? READ_ONLY : WRITABLE;
}

export function inputFlags({ executable }: PlannedInput): readonly MountFlag[] {
  return executable ? EXECUTABLE : READ_ONLY;
}

function placeBelowScratch({ inputs, mounts }: LaunchPlan): readonly StubInstruction[] {
  const all = [
    ...inputs.map((input) => ({ target: input.target, flags: inputFlags(input) })),
    ...mounts.map((mount) => ({ target: mount.target, flags: grantFlags(mount) })),
  ].filter(({ target }) => isBelowScratch(target));
  const depth = ({ target }: { readonly target: string }) => target.split("/").length;
  return all
    .toSorted((a, b) => depth(a) - depth(b))
    .flatMap(({ target, flags }) => [
      ...foldersTo(target)
        // In another grant they are there already, and the host's.
        .filter((path) => !all.some((other) => `${path}/`.startsWith(`${other.target}/`)))
        .map((path) => ({ kind: "makeDirectory", path, mode: 0o700, ...OWN }) as const),
      { kind: "bindMount", source: waitingPlace(target), target, flags } as const,
      { kind: "unmount", target: waitingPlace(target) } as const,
    ]);
}

/** The folders between /tmp and a target, outermost first. */
function foldersTo(target: string): readonly string[] {
  const folder = dirname(target);
  return folder === "/tmp" ? [] : [...foldersTo(folder), folder];
}

const OWN = { uid: GUEST_ID, gid: GUEST_ID } as const;
