import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { chmod, copyFile, mkdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PaddockError } from "@paddock/contract";
import { draftOf, sweepDrafts } from "../drafts.js";

const OTHERS_SEARCH = 0o001;
const OTHERS_READ = 0o004;
const OTHERS_EXECUTE = 0o001;

/**
 * A path at which any user of this machine can read (and execute) the file: its own when that is so already,
 * else a copy in the cache, made once for each state of the file. A host that is root starts guests under
 * users of their own, and those cannot reach anything below a directory like /root, unless the isolation binds
 * it for them: then only the file's own mode counts.
 */
export async function reachableFile(file: string, cacheDirectory: string, isBound = false): Promise<string> {
  const path = await realpath(file);
  return (await isReachable(path, isBound)) ? path : copyOnce(path, cacheDirectory, isBound);
}

/** True when every directory above may be searched, and the file read, by users that own nothing. */
export async function isReachable(path: string, isBound = false): Promise<boolean> {
  const { mode } = await stat(path);
  const wanted = OTHERS_READ | (mode & 0o100 ? OTHERS_EXECUTE : 0);
  if ((mode & wanted) !== wanted) return false;
  if (isBound) return true;
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if (((await stat(directory)).mode & OTHERS_SEARCH) === 0) return false;
    if (directory === dirname(directory)) return true;
  }
}

/** What tells one state of a file from another without reading it. */
export async function identityOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [path, dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/** Short, safe in a file name, and different for different text. */
export function nameFor(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

async function copyOnce(path: string, cacheDirectory: string, isBound: boolean): Promise<string> {
  const directory = join(cacheDirectory, "executables");
  const target = join(directory, `${nameFor(await identityOf(path))}-${basename(path)}`);
  const source = await stat(path);
  const existing = await stat(target).catch(() => undefined);
  if (existing?.size !== source.size) {
    await makeSearchable(directory);
    await sweepDrafts(directory);
    const temporary = draftOf(target);
    try {
      await copyFile(path, temporary, constants.COPYFILE_FICLONE);
      await chmod(temporary, source.mode & 0o100 ? 0o555 : 0o444);
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw new PaddockError("STORE_FAILED", `Cannot copy "${path}" into "${directory}".`, {
        hint: "Make room there, or choose an interpreter that every user can reach.",
        cause: error,
      });
    }
  }
  if (await isReachable(target, isBound)) return target;
  throw new PaddockError("SETUP_FAILED", `Cannot use "${cacheDirectory}": other users cannot reach it.`, {
    hint: "Choose a home directory for Paddock below directories that everybody may search (mode 0755).",
  });
}

async function makeSearchable(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  // The umask of the host may be stricter than what guests need.
  await chmod(directory, 0o755);
}
