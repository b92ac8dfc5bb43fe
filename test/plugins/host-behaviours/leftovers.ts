import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

const GONE_WITHIN_MS = 3_000;
const LOOK_AGAIN_MS = 20;

/** What this process has of the machine, as far as a host could forget to give it back. */
export interface Holdings {
  readonly children: readonly string[];
  readonly mounts: readonly string[];
  readonly controlGroups: readonly string[];
  /** Sockets and pipes; a file that a test runner opens meanwhile is nobody's leak. */
  readonly descriptors: number;
}

export function holdings(): Holdings {
  return {
    children: children(),
    mounts: readFileSync("/proc/self/mountinfo", "utf8").split("\n"),
    controlGroups: controlGroups("/sys/fs/cgroup", 5).sort(),
    descriptors: descriptors(),
  };
}

/** What is there now and was not before, once what was ending has had its time. */
export async function leftSince(before: Holdings): Promise<readonly string[]> {
  const until = performance.now() + GONE_WITHIN_MS;
  for (;;) {
    const now = holdings();
    const fresh = (key: "children" | "mounts" | "controlGroups") =>
      now[key].filter((one) => !before[key].includes(one)).map((one) => `${key}: ${one}`);
    const more = now.descriptors - before.descriptors;
    const left = [
      ...fresh("children"),
      ...fresh("mounts"),
      ...fresh("controlGroups"),
      ...(more > 0 ? [`descriptors: ${more} more`] : []),
    ];
    if (left.length === 0 || performance.now() > until) return left;
    await wait(LOOK_AGAIN_MS);
  }
}

/** Descendants of this process that are not zombies. */
export function children(): readonly string[] {
  const parents = new Map<number, number>();
  const names = new Map<number, string>();
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    const stat = read(`/proc/${name}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (stat === "" || fields[0] === "Z") continue;
    parents.set(Number(name), Number(fields[1]));
    names.set(Number(name), stat.slice(0, stat.lastIndexOf(")") + 1));
  }
  const isOurs = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && parent > 1 && (parent === process.pid || isOurs(parent));
  };
  return [...parents.keys()].filter(isOurs).map((pid) => names.get(pid) ?? "");
}

/** Groups that carry this very process's name. */
function controlGroups(directory: string, depth: number): string[] {
  if (depth === 0) return [];
  return subdirectories(directory).flatMap((name) => {
    const path = `${directory}/${name}`;
    const own = path.includes(`/paddock-${process.pid}-`) ? [path] : [];
    return [...own, ...controlGroups(path, depth - 1)];
  });
}

function subdirectories(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").filter((name) => {
    try {
      return /^(socket|pipe):/.test(readlinkSync(`/proc/self/fd/${name}`));
    } catch {
      return false;
    }
  }).length;
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
