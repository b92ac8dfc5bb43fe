import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createHost } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isGuestAlive } from "./arena.js";

const PLUGINS = fileURLToPath(new URL("../plugins", import.meta.url));
const HOST = fileURLToPath(new URL("../plugins/host-behaviours/doomed-host.mjs", import.meta.url));
/** What a killed host leaves is gone within this time. */
const GONE_WITHIN_MS = 1_000;

interface Doomed {
  readonly child: ChildProcess;
  readonly pids: readonly number[];
  /** Descriptors that a guest has open, each with its inode. */
  readonly open: readonly (readonly [number, number])[];
}

let directory = "";
let home = "";
beforeAll(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), "doomed-")));
  home = join(directory, "home");
});
afterAll(async () => {
  // Sweeps up after the last of the killed ones.
  await (await createHost({ home })).close();
  rmSync(directory, { recursive: true, force: true });
});

async function startHost(way: string, command: readonly string[] = []): Promise<Doomed> {
  const [program = "", ...args] = [...command, process.execPath, HOST, home, PLUGINS, way];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", way === "throws" ? "ignore" : "inherit"] });
  const exited = new Promise<never>((_, reject) =>
    child.once("exit", (code) => reject(new Error(`the host exited: ${code}`))),
  );
  exited.catch(() => undefined);
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([new Promise<string>((resolve) => lines.once("line", resolve)), exited]);
  return { child, ...JSON.parse(line) };
}

/** The process and everything it started, however far down. */
function family(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    const stat = readStat(Number(name));
    if (stat !== undefined) parents.set(Number(name), stat);
  }
  const below = (root: number): readonly number[] =>
    [...parents].filter(([, parent]) => parent === root).flatMap(([child]) => [child, ...below(child)]);
  return [pid, ...below(pid)];
}

function readStat(pid: number): number | undefined {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1]);
  } catch {
    return undefined;
  }
}

function describeProcess(pid: number): string {
  return `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")} ${read(`/proc/${pid}/stat`)} ${read(`/proc/${pid}/wchan`)}`;
}

/** Mounts anywhere on the machine's own tree, and loop devices, that come from the host's home. */
function leftMounts(): readonly string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const loops = readdirSync("/sys/block")
    .filter((name) => name.startsWith("loop"))
    .map((name) => read(`/sys/block/${name}/loop/backing_file`));
  return [...mounts, ...loops].filter((line) => line.includes(home));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function ownGroups(pid: number): string {
  return execFileSync("find", ["/sys/fs/cgroup", "-type", "d", "-name", `paddock-${pid}-*`], {
    encoding: "utf8",
  });
}

describe("A host that dies", () => {
  test.each(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "throws"] as const)(
    "takes every guest and mount with it: %s",
    async (way) => {
      const { child, pids } = await startHost(way);
      const all = family(child.pid ?? 0);
      expect(all).toEqual(expect.arrayContaining([...pids]));
      expect(pids.filter(isGuestAlive)).toEqual(pids);
      const exited = new Promise((resolve) => child.once("exit", resolve));
      if (way !== "throws") child.kill(way);
      await exited;
      const until = performance.now() + GONE_WITHIN_MS;
      while (performance.now() < until && (all.some(isGuestAlive) || leftMounts().length > 0)) await wait(20);
      expect(all.filter(isGuestAlive).map(describeProcess)).toEqual([]);
      expect(leftMounts()).toEqual([]);
    },
  );

  // bubblewrap has made its child, but not let it go on, at some of these points: neither may wait for the other for ever.
  test.each([0, 10, 20, 40, 80, 160])("leaves no guest that was starting: after %d ms", async (ms) => {
    const { child } = await startHost("starting");
    await wait(ms);
    const all = family(child.pid ?? 0);
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
    const until = performance.now() + GONE_WITHIN_MS;
    while (performance.now() < until && (all.some(isGuestAlive) || leftMounts().length > 0)) await wait(20);
    expect(all.filter(isGuestAlive).map(describeProcess)).toEqual([]);
    expect(leftMounts()).toEqual([]);
  });

  test("is swept away by the next one, which finds the data", async () => {
    const { child } = await startHost("SIGKILL");
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
    await using host = await createHost({ home, limits: { disk: "4MB", scratch: "4MB", inodes: 200 } });
    expect(readdirSync(join(home, "run")).filter((name) => name.startsWith(`${child.pid}-`))).toEqual([]);
    expect(ownGroups(child.pid ?? 0)).toBe("");
    await host.load(join(PLUGINS, "keeps-data"));
    expect(await host.call("attacker/keeps-data", "attack", {})).toBe("kept");
  });
});

test("A host with two hundred open descriptors passes on none of them", async () => {
  const secret = join(directory, "inherited.txt");
  writeFileSync(secret, "not for plugins");
  const script = 'for i in {10..209}; do eval "exec $i<$0"; done; exec "$@"';
  const { child, open } = await startHost("SIGKILL", ["bash", "-c", script, secret]);
  expect(readdirSync(`/proc/${child.pid}/fd`).length).toBeGreaterThan(200);
  expect(open.map(([, inode]) => inode)).not.toContain(statSync(secret).ino);
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exited;
});
