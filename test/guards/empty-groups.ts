import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";
const PREFIX = "paddock";
const MAX_DEPTH = 8;

/** A host's groups are named after its process id and start time; field 22 of proc(5). */
const HOST_NAME = /\/paddock-(\d+)-(\d+)/;

/** Control groups under a name of ours in which nobody lives, of hosts that are gone: what they forgot to remove. */
export function emptyGroups(): readonly string[] {
  return groupsBelow(ROOT, MAX_DEPTH)
    .filter(
      (group) => group.slice(ROOT.length).includes(`/${PREFIX}`) && !hostLives(group) && !hasProcesses(group),
    )
    .map((group) => `control group ${group}`);
}

function groupsBelow(directory: string, depth: number): readonly string[] {
  if (depth === 0) return [];
  const children = directories(directory);
  return children.flatMap((child) => [child, ...groupsBelow(child, depth - 1)]);
}

/** Groups come and go while we look: one that is gone has no children. */
function directories(directory: string): readonly string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name));
  } catch {
    return [];
  }
}

/** Another run's host on this machine may be between two guests. */
function hostLives(group: string): boolean {
  const [, pid, startedAt] = HOST_NAME.exec(group) ?? [];
  if (pid === undefined) return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] === startedAt;
  } catch {
    return false;
  }
}

function hasProcesses(group: string): boolean {
  try {
    if (readFileSync(join(group, "cgroup.procs"), "utf8") !== "") return true;
  } catch {
    // Gone, or a group that holds threads only; neither is a leak to report.
    return true;
  }
  return directories(group).some(hasProcesses);
}
