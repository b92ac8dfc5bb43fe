import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isAlive, readStartTime } from "../../process-status.js";

/** Names one host process for ever: pid and start time. Also the name of its control groups. */
export function hostName(pid?: number): string {
  return pid === undefined ? OWN_NAME : nameOf(pid);
}

const OWN_NAME = nameOf(process.pid);

function nameOf(pid: number): string {
  return `${pid}-${readStartTime(pid) ?? 0}`;
}

/** True when the host of that name is gone; names of another shape are not ours and count as living. */
export function isDeadHost(name: string): boolean {
  const match = /^(\d{1,10})-(\d{1,20})$/.exec(name);
  return match !== null && !isAlive(Number(match[1]), Number(match[2]));
}

/** A directory for what lives no longer than one host; `instance` tells the hosts of one process apart. */
export async function makeRunDirectory(home: string, instance: string): Promise<string> {
  const directory = join(home, "run", hostName(), instance);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** Removes it, and with the last host of this process what held it. */
export async function removeRunDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await rmdir(dirname(directory)).catch(() => undefined);
}

/** Removes the directories of hosts that are gone. */
export async function sweepRunDirectories(home: string): Promise<void> {
  const run = join(home, "run");
  const names = await readdir(run).catch(() => []);
  await Promise.all(
    names.filter(isDeadHost).map((name) => rm(join(run, name), { recursive: true, force: true })),
  );
}
