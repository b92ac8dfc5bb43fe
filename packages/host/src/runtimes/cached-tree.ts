import { chmod, cp, lstat, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { PaddockError } from "@paddock/contract";
import { draftOf } from "../drafts.js";
import { identityOf, isReachable, nameFor } from "./cached-copy.js";
import type { Reach } from "./reachable-input.js";

const OTHERS_READ_AND_SEARCH = 0o005;

/**
 * A path at which any user of this machine can read the directory: its own when that is so already, else a copy
 * in the cache, made once for each state of the directory. `isLeftOut` names what is not worth copying.
 */
export async function reachableTree(
  directory: string,
  reach: Reach,
  isLeftOut: (name: string) => boolean,
): Promise<string> {
  if (process.getuid?.() !== 0 || (await isOpen(directory, reach.isBound ?? false))) return directory;
  const trees = join(reach.cacheDirectory, "trees");
  const target = join(trees, `${nameFor(await identityOf(directory))}-${basename(directory)}`);
  if (await isThere(target)) return target;
  await placeTree(target, async (temporary) => {
    await cp(directory, temporary, {
      recursive: true,
      dereference: true,
      preserveTimestamps: true,
      filter: (source) => !isLeftOut(basename(source)),
    });
  });
  return target;
}

/** Makes a directory that every user can read by `fill`, whole or not at all. */
export async function placeTree(target: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  const parent = join(target, "..");
  await mkdir(parent, { recursive: true });
  await chmod(parent, 0o755);
  const temporary = draftOf(target);
  try {
    await fill(temporary);
    await openTree(temporary);
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true });
    // Another host made the same at the same moment.
    if (await isThere(target)) return;
    throw new PaddockError("STORE_FAILED", `Cannot write to "${parent}".`, {
      hint: "Make room there, or choose an interpreter that every user can reach.",
      cause,
    });
  }
}

/** A sample is enough: whoever installs a library installs it for everybody or for nobody. */
async function isOpen(directory: string, isBound: boolean): Promise<boolean> {
  if (((await stat(directory)).mode & OTHERS_READ_AND_SEARCH) !== OTHERS_READ_AND_SEARCH) return false;
  for (const name of ["os.py", "encodings/__init__.py"]) {
    if (!(await isReachable(join(directory, name), isBound))) return false;
  }
  return true;
}

/** Directories searchable, files readable, for everybody. */
async function openTree(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await openTree(path);
    else if (entry.isFile()) await chmod(path, ((await lstat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
