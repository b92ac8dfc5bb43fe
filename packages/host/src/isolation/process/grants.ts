import { constants } from "node:fs";
import { type FileHandle, open, readlink, realpath } from "node:fs/promises";
import { PaddockError } from "@paddock/contract";
import type { GrantedMount, LaunchSpec } from "../isolation.js";
import type { PlannedMount } from "./launch-plan.js";

/** Where files of callers appear. */
export const INBOX = "/inbox";

/** open(2): the place itself, whatever it is, without opening it. */
const O_PATH = 0o10000000;

/** The grants of one launch, each held by a descriptor until its mount has been compared with it. */
export interface PlannedGrants {
  readonly mounts: readonly PlannedMount[];
  close(): Promise<void>;
}

/**
 * Holds on to what lies where each grant says. What is mounted later must be that very file or directory: somebody
 * with rights to a folder above it could exchange it meanwhile. No link is followed here: whoever decided about a
 * grant decided about this path, and a link in it now was put there since.
 */
export async function planGrants(spec: LaunchSpec): Promise<PlannedGrants> {
  const inbox = spec.inbox && {
    source: await realpath(spec.inbox.source),
    target: INBOX,
    access: "read" as const,
  };
  const wanted: readonly GrantedMount[] = [...(inbox === undefined ? [] : [inbox]), ...(spec.mounts ?? [])];
  const handles: FileHandle[] = [];
  const close = async () => {
    for (const handle of handles.splice(0)) await handle.close();
  };
  try {
    const mounts: PlannedMount[] = [];
    const depth = ({ target }: GrantedMount) => target.split("/").length;
    // A grant inside of another one comes after it, or it would be covered.
    for (const { source, target, access } of wanted.toSorted((a, b) => depth(a) - depth(b))) {
      const handle = await open(source, O_PATH | constants.O_NOFOLLOW);
      handles.push(handle);
      const found = await handle.stat({ bigint: true });
      if (!found.isDirectory() && !found.isFile()) throw refused(spec.label, source);
      // The kernel's own words for where this is.
      if ((await readlink(`/proc/self/fd/${handle.fd}`)) !== source) throw moved(spec.label, source);
      const owner = { uid: Number(found.uid), gid: Number(found.gid) };
      mounts.push({ source, target, access, owner, identity: `${found.dev}:${found.ino}` });
    }
    return { mounts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function refused(label: string, source: string): PaddockError {
  return new PaddockError(
    "FILE_REFUSED",
    `Cannot start "${label}": ${JSON.stringify(source)} is neither a folder nor an ordinary file.`,
    { hint: "Grant the folder that it is in, or an ordinary file." },
  );
}

function moved(label: string, source: string): PaddockError {
  return new PaddockError(
    "FILE_REFUSED",
    `Cannot start "${label}": ${JSON.stringify(source)} leads elsewhere.`,
    {
      hint: "Grant the place itself, without links, and let nobody change the folders above it meanwhile.",
    },
  );
}
