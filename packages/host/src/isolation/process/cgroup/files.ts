import { readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { hostName, isDeadHost } from "../run-directory.js";
import { CGROUP_PREFIX } from "./cgroup.js";

/** Name of this host's group. */
export function ownGroupName(): string {
  return `${CGROUP_PREFIX}${hostName()}`;
}

export async function readNumber(path: string): Promise<number | undefined> {
  const text = await readFile(path, "latin1").catch(() => "");
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

/** The number behind a key of a flat keyed file such as memory.events; 0 when it is not there. */
export async function readKeyed(path: string, key: string): Promise<number> {
  const text = await readFile(path, "latin1").catch(() => "");
  for (const line of text.split("\n")) {
    const [name, value] = line.split(" ");
    if (name === key) return Number(value);
  }
  return 0;
}

export async function write(directory: string, file: string, value: string | number): Promise<void> {
  await writeFile(join(directory, file), String(value));
}

/** Writes where the kernel has that file; some kernels are built without it. */
export async function writeIfPresent(directory: string, file: string, value: string | number): Promise<void> {
  await write(directory, file, value).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "EACCES") throw error;
  });
}

/** Pauses between attempts to remove a group whose last task is still going, milliseconds. */
const REMOVE_RETRY_MS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500];

/** Removes a group once it is empty; gives up after about a second, and the next start takes it. */
export async function removeGroup(directory: string): Promise<void> {
  for (const pause of REMOVE_RETRY_MS) {
    if (pause > 0) await wait(pause);
    try {
      await rmdir(directory);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY") return;
    }
  }
}

/** Removes the groups below `parent` that belong to hosts which are gone. */
export async function sweepGroups(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(CGROUP_PREFIX) || !isDeadHost(name.slice(CGROUP_PREFIX.length))) continue;
    const group = join(parent, name);
    for (const child of await subgroups(group)) await removeGroup(child);
    await removeGroup(group);
  }
}

async function subgroups(group: string): Promise<readonly string[]> {
  const entries = await readdir(group, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(group, entry.name));
}
