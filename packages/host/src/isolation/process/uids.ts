import { createHash } from "node:crypto";
import { link, lstat, mkdir, readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PaddockError } from "@paddock/contract";

/** Machine-wide, whatever home a host uses: two hosts must not give one uid to two plugins. */
export const UID_DIRECTORY = "/var/lib/paddock/uids";

export interface UidRange {
  readonly from: number;
  readonly count: number;
}

/**
 * The uid of a plugin and tenant, the same in every later run: one file a uid, named by it, holding its
 * owner. Files appear whole or not at all (link(2) is atomic), so no lock is needed and a killed host
 * leaves nothing half-done. A uid is given to another owner only after `sweepUids`.
 */
export async function allocateUid(
  owner: string,
  range: UidRange,
  directory = UID_DIRECTORY,
): Promise<number> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const start = createHash("sha256").update(owner).digest().readUInt32LE(0) % range.count;
  for (let probe = 0; probe < Math.min(range.count, MAX_PROBES); probe++) {
    const uid = range.from + ((start + probe) % range.count);
    if ((await claim(directory, uid, owner)) === owner) return uid;
  }
  throw new PaddockError(
    "SETUP_FAILED",
    `Cannot give "${owner}" a uid of its own: ${MAX_PROBES} candidates are taken.`,
    {
      hint: "Give the host a larger range with uids.count.",
    },
  );
}

const MAX_PROBES = 4_096;

/** The same, remembered: an owner's uid never changes. */
export function createUidAllocator(range: UidRange): (owner: string) => Promise<number> {
  const known = new Map<string, number>();
  return async (owner) => {
    const uid = known.get(owner) ?? (await allocateUid(owner, range));
    known.set(owner, uid);
    return uid;
  };
}

/** Uids looked at by one sweep; the next one looks at others. */
const SWEPT_AT_ONCE = 64;

/**
 * Gives back uids whose owner's home is gone, and with it every file of theirs: temporary homes would use up the
 * range. A uid that somebody may have been turned away from, because the next one is taken too, stays: the search
 * for that neighbour starts here.
 */
export async function sweepUids(directory = UID_DIRECTORY): Promise<void> {
  const taken = new Set(await readdir(directory).catch(() => []));
  const all = [...taken].filter((name) => /^\d+$/.test(name));
  const first = Math.floor(Math.random() * Math.max(1, all.length));
  for (const name of [...all.slice(first), ...all.slice(0, first)].slice(0, SWEPT_AT_ONCE)) {
    if (taken.has(String(Number(name) + 1))) continue;
    const path = join(directory, name);
    const home = (await readOwner(path))?.split("\n")[0];
    if (home === undefined || !home.startsWith("/") || !(await isGone(home))) continue;
    await unlink(path).catch(() => undefined);
    taken.delete(name);
  }
}

/** Only when the system says so: a home that cannot be looked at may still be there. */
async function isGone(path: string): Promise<boolean> {
  return lstat(path).then(
    () => false,
    (error: unknown) => isCode(error, "ENOENT"),
  );
}

/** Who owns the uid after we tried to take it. */
async function claim(directory: string, uid: number, owner: string): Promise<string> {
  const path = join(directory, String(uid));
  const taken = await readOwner(path);
  if (taken !== undefined) return taken;
  const draft = join(directory, `.${process.pid}-${uid}-${Math.random().toString(36).slice(2)}`);
  await writeFile(draft, owner, { flag: "wx", mode: 0o600 });
  try {
    await link(draft, path);
    return owner;
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
    return (await readOwner(path)) ?? "";
  } finally {
    await unlink(draft);
  }
}

async function readOwner(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
