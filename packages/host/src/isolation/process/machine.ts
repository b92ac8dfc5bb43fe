import { randomBytes } from "node:crypto";
import { chmod, copyFile, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PaddockError } from "@paddock/contract";
import { type Bubblewrap, findBubblewrap } from "./bubblewrap.js";
import type { CgroupTree } from "./cgroup/cgroup.js";
import { openCgroups } from "./cgroup/open-cgroups.js";
import { findVolumeTools, type VolumeTools } from "./data-volume.js";
import { canMount, readHostLimits } from "./environment.js";
import { makeRunDirectory } from "./run-directory.js";

/** What one machine offers to this host, found once. */
export interface Machine {
  readonly bubblewrap: Bubblewrap;
  readonly cgroups: CgroupTree | undefined;
  /** The tools for volumes, or why there can be none. */
  readonly volume: VolumeTools | string;
  readonly isRoot: boolean;
  readonly canMount: boolean;
  /** Tells the hosts of one process apart. */
  readonly instance: string;
  /** For what lives no longer than this host. */
  readonly runDirectory: string;
  readonly hostLimits: ReadonlyMap<string, number>;
  readonly stub: string;
}

/** Rejects with SETUP_FAILED where there is no bubblewrap to use. */
export async function inspectMachine(home: string): Promise<Machine> {
  const bubblewrap = await findBubblewrap();
  if (typeof bubblewrap === "string") throw missingBubblewrap(bubblewrap);
  const mayMount = canMount();
  const instance = randomBytes(4).toString("hex");
  const runDirectory = await makeRunDirectory(home, instance);
  await mkdir(join(runDirectory, "stage"), { recursive: true, mode: 0o700 });
  return {
    bubblewrap,
    cgroups: await openCgroups(),
    volume: mayMount ? await findVolumeTools() : "this process may not mount",
    isRoot: process.getuid?.() === 0,
    canMount: mayMount,
    instance,
    runDirectory,
    hostLimits: readHostLimits(),
    stub: await placeStub(runDirectory),
  };
}

/** The launch stub, as a file that the plugins' users may execute: an installation under umask 077 makes none. */
async function placeStub(runDirectory: string): Promise<string> {
  const shipped = fileURLToPath(
    new URL(`../../../native/prebuilt/linux-${process.arch}/launch-stub`, import.meta.url),
  );
  const { mode } = await stat(shipped);
  if ((mode & EXECUTABLE_BY_ALL) === EXECUTABLE_BY_ALL) return shipped;
  const copy = join(runDirectory, "launch-stub");
  await copyFile(shipped, copy);
  await chmod(copy, 0o555);
  return copy;
}

const EXECUTABLE_BY_ALL = 0o555;

export function missingBubblewrap(why: string): PaddockError {
  return new PaddockError("SETUP_FAILED", `Cannot isolate plugins: bubblewrap is missing: ${why}.`, {
    hint: "Install it: sudo apt-get install -y bubblewrap (Debian, Ubuntu), sudo dnf install bubblewrap (Fedora), sudo pacman -S bubblewrap (Arch).",
    data: { mechanism: "bubblewrap" },
  });
}
