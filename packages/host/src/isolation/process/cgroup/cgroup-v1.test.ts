import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Holdings,
  holdings,
  leftSince,
} from "../../../../../../test/plugins/host-behaviours/leftovers.js";
import type { Cgroup, CgroupTree } from "./cgroup.js";
import { openCgroupV1 } from "./cgroup-v1.js";
import { ownGroupName } from "./files.js";
import { type OwnGroup, readOwnGroups } from "./own-groups.js";

const MB = 1024 ** 2;
const LIMITS = { memoryBytes: 48 * MB, cpuCores: 0.25, tasks: 20 };
const isRoot = process.getuid?.() === 0;

let before: Holdings;
let groups: readonly OwnGroup[] = [];
let tree: CgroupTree | undefined;
let label = 0;
const made: Cgroup[] = [];

beforeEach(async () => {
  before = holdings();
  groups = (await readOwnGroups()).filter(({ version }) => version === 1);
  tree = await openCgroupV1(groups);
});
afterEach(async () => {
  await Promise.all(made.splice(0).map((group) => group.remove()));
  await tree?.close();
  expect(await leftSince(before)).toEqual([]);
});

/** The tree, where this user has one; elsewhere it must be missing, and the test has nothing more to say. */
function treeOfRoot(): CgroupTree | undefined {
  const isWritable = isRoot && groups.some(({ controllers }) => controllers.includes("memory"));
  expect(tree !== undefined).toBe(isWritable);
  return tree;
}

function create(of: CgroupTree, limits = LIMITS): { readonly group: Cgroup; readonly name: string } {
  const name = `probe-${++label}`;
  const group = of.create(name, limits);
  made.push(group);
  return { group, name };
}

const fileOf = (controller: string, name: string, file: string) => {
  const own = groups.find(({ controllers }) => controllers.includes(controller))?.directory ?? "";
  return readFileSync(join(own, ownGroupName(), name, file), "latin1").trim();
};

async function startSleep(): Promise<{ readonly pid: number; readonly end: () => Promise<void> }> {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const end = async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  // Safe: it has been spawned.
  return { pid: child.pid as number, end };
}

/** Starts Node inside the group, its first instruction included. */
async function runInside(group: Cgroup, script: string): Promise<number | null> {
  const child = spawn("sh", ["-c", 'read go; exec "$0" -e "$1"', process.execPath, script], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  await once(child, "spawn");
  // Safe: it has been spawned.
  await group.place(child.pid as number);
  child.stdin.end("go\n");
  const [code, signal] = await once(child, "exit");
  return code ?? (signal === "SIGKILL" ? 137 : null);
}

describe("control groups, version 1", () => {
  it("have their limits set before anything is placed in them", async () => {
    const of = treeOfRoot();
    if (of === undefined) return;
    const { group, name } = create(of);
    const { pid, end } = await startSleep();
    await group.place(pid);
    expect(fileOf("memory", name, "memory.limit_in_bytes")).toBe(String(48 * MB));
    expect(fileOf("pids", name, "pids.max")).toBe("20");
    expect(fileOf("cpu", name, "cpu.cfs_quota_us")).toBe("-1");
    await group.limitCpu();
    expect([fileOf("cpu", name, "cpu.cfs_quota_us"), fileOf("cpu", name, "cpu.cfs_period_us")]).toEqual([
      "25000",
      "100000",
    ]);
    const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").split("\n");
    expect(lines).toEqual(expect.arrayContaining([...group.memberships]));
    await end();
    await group.remove();
    expect(existsSync(join(groups[0]?.directory ?? "", ownGroupName(), name))).toBe(false);
  });

  it("count what is used", async () => {
    const of = treeOfRoot();
    if (of === undefined) return;
    const { group } = create(of, { ...LIMITS, memoryBytes: 512 * MB });
    await runInside(
      group,
      "const b = Buffer.alloc(30 * 1024 * 1024, 1); for (const until = Date.now() + 200; Date.now() < until; );",
    );
    const { memoryPeakBytes, cpuMs, oomKills } = await group.usage();
    expect(memoryPeakBytes).toBeGreaterThan(30 * MB);
    expect(cpuMs).toBeGreaterThan(150);
    expect(oomKills).toBe(0);
  });

  it("kill what needs more memory, and count it", async () => {
    const of = treeOfRoot();
    if (of === undefined) return;
    const { group } = create(of);
    const code = await runInside(group, "const kept = []; for (;;) kept.push(Buffer.alloc(1024 * 1024, 1));");
    expect(code).toBe(137);
    const { oomKills, memoryPeakBytes } = await group.usage();
    expect(oomKills).toBeGreaterThan(0);
    expect(memoryPeakBytes).toBeLessThanOrEqual(48 * MB);
  });

  it("stop a fork bomb", async () => {
    const of = treeOfRoot();
    if (of === undefined) return;
    const { group } = create(of, { ...LIMITS, tasks: 1, memoryBytes: 256 * MB });
    // Node needs threads, which count: it cannot even start.
    expect(await runInside(group, "0")).not.toBe(0);
  });

  it("keep a busy guest within its share", async () => {
    const of = treeOfRoot();
    if (of === undefined) return;
    const { group } = create(of, { ...LIMITS, memoryBytes: 256 * MB });
    await group.limitCpu().catch(() => undefined);
    const startedAt = performance.now();
    const pending = runInside(group, "for (const until = Date.now() + 1500; Date.now() < until; );");
    await wait(100);
    await group.limitCpu();
    await pending;
    const { cpuMs = 0 } = await group.usage();
    expect(cpuMs / (performance.now() - startedAt)).toBeLessThan(0.4);
  });

  it("say so when a process cannot be placed, and are removed all the same", async () => {
    const of = treeOfRoot();
    if (of === undefined) return;
    const { group } = create(of);
    await expect(group.place(2 ** 22 + 1)).rejects.toMatchObject({ code: "ESRCH" });
    await group.remove();
    await group.remove();
  });

  it("of a killed host are removed by the next, of a living one never", async () => {
    const of = treeOfRoot();
    if (of === undefined) return;
    const { pid, end } = await startSleep();
    const started = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ")[19] ?? "";
    const own = groups.find(({ controllers }) => controllers.includes("pids"))?.directory ?? "";
    const [living, dead, foreign] = [`paddock-${pid}-${started}`, "paddock-4194305-7", "paddock-foreign"];
    for (const name of [living, dead, foreign]) await mkdir(join(own, name, "guest-1"), { recursive: true });
    await of.sweep();
    const names = await readdir(own);
    expect([living, dead, foreign].map((name) => names.includes(name))).toEqual([true, false, true]);
    await end();
    await of.sweep();
    expect(await readdir(own)).not.toContain(living);
    for (const path of [join(own, foreign, "guest-1"), join(own, foreign)]) await rmdir(path);
  });
});
