import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";
const PREFIX = "paddock";
const MAX_DEPTH = 8;

/** Control groups under a name of ours in which nobody lives: what a host forgot to remove. */
export function emptyGroups(): readonly string[] {
  return groupsBelow(ROOT, MAX_DEPTH)
    .filter((group) => group.slice(ROOT.length).includes(`/${PREFIX}`) && !hasProcesses(group))
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

function hasProcesses(group: string): boolean {
  try {
    if (readFileSync(join(group, "cgroup.procs"), "utf8") !== "") return true;
  } catch {
    // Gone, or a group that holds threads only; neither is a leak to report.
    return true;
  }
  return directories(group).some(hasProcesses);
}
