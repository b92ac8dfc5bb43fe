import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A process by what names it for ever: its id and start time. */
interface Member {
  readonly pid: number;
  readonly startedAt: string;
}

interface Stat extends Member {
  readonly parent: number;
  readonly isZombie: boolean;
}

/** A process and everything it started, however far down. */
export function processTreeOf(root: number): readonly Member[] {
  const all = processes();
  const below = (pid: number): readonly Member[] =>
    all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...below(child.pid)]);
  return [...all.filter(({ pid }) => pid === root), ...below(root)];
}

/** Who of that tree lives, and who lives in a control group of that host's; each with what it is. */
export function leftProcessesOf(host: number, tree: readonly Member[]): readonly string[] {
  const known = new Set(tree.map(({ pid, startedAt }) => `${pid} ${startedAt}`));
  const isOurs = ({ pid, startedAt }: Member) =>
    known.has(`${pid} ${startedAt}`) || read(`/proc/${pid}/cgroup`).includes(`/paddock-${host}-`);
  return processes()
    .filter((one) => !one.isZombie && isOurs(one))
    .map(({ pid }) => `process ${pid} ${read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")}`);
}

/** Mounts and loop devices in the host's own namespace that come from a home. */
export function leftMountsOf(home: string): readonly string[] {
  const mounts = read("/proc/self/mountinfo").split("\n");
  const loops = names("/sys/block")
    .filter((name) => name.startsWith("loop"))
    .map((name) => `${name} ${read(`/sys/block/${name}/loop/backing_file`)}`);
  return [...mounts, ...loops].filter((line) => line.includes(home));
}

/** What killed hosts may not leave in their home, nor as control groups, once this process has a host there. */
export function leftFilesOf(home: string, killed: readonly number[]): readonly string[] {
  const own = `${process.pid}-`;
  return [
    ...names(join(home, "run")).filter((name) => !name.startsWith(own)),
    ...names(join(home, "files")).map((name) => `files/${name}`),
    ...names(join(home, "bundles/staging")).map((name) => `bundles/staging/${name}`),
    ...names(home).filter((name) => name.startsWith(".")),
    ...groupsOf(killed, "/sys/fs/cgroup", 6),
  ];
}

function groupsOf(hosts: readonly number[], directory: string, depth: number): readonly string[] {
  if (depth === 0) return [];
  return directories(directory).flatMap((name) => {
    const path = `${directory}/${name}`;
    const isOurs = hosts.includes(Number(/^paddock-(\d+)-\d+$/.exec(name)?.[1]));
    return [...(isOurs ? [path] : []), ...groupsOf(hosts, path, depth - 1)];
  });
}

function processes(): readonly Stat[] {
  return names("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

function readProcess(pid: number): Stat | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === "") return undefined;
  // The name before the last ")" may hold spaces; field 3 of proc(5) comes after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = "", parent = ""] = fields;
  return { pid, parent: Number(parent), isZombie: state === "Z", startedAt: fields[19] ?? "" };
}

function directories(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
