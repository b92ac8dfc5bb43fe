import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCgroupV2 } from "./cgroup-v2.js";
import { ownGroupName } from "./files.js";
import { type OwnGroup, readOwnGroups } from "./own-groups.js";

const LIMITS = { memoryBytes: 1_000_000, cpuCores: 0.25, tasks: 20 };

describe("control groups, version 2, in the kernel", () => {
  it("are not used where they have no controllers or may not be made, and nothing of the attempt is left", async () => {
    const unified = (await readOwnGroups()).find(({ version }) => version === 2);
    if (unified === undefined) return;
    const available = await readFile(join(unified.directory, "cgroup.controllers"), "latin1").catch(() => "");
    if (available.trim() !== "") return;
    expect(await openCgroupV2(unified)).toBeUndefined();
    expect((await readdir(unified.directory)).filter((name) => name.startsWith("paddock-"))).toEqual([]);
  });
});

/**
 * Plain files stand in for the kernel's here: few machines have an empty version 2 hierarchy that is delegated.
 * What is written where is tested, not what a kernel makes of it.
 */
describe("control groups, version 2, in files that stand in for the kernel's", () => {
  let own = "";
  let group: OwnGroup;
  beforeEach(async () => {
    own = await mkdtemp(join(tmpdir(), "paddock-cgroup-"));
    group = { version: 2, controllers: [], path: "/user/host", prefix: "0::", directory: own };
  });
  afterEach(() => rm(own, { recursive: true, force: true }));

  const read = (...parts: string[]) => readFile(join(own, ...parts), "latin1");

  async function open(controllers = "cpuset cpu io memory pids") {
    await writeFile(join(own, "cgroup.controllers"), `${controllers}\n`);
    return openCgroupV2(group);
  }

  it("use the controllers that there are, in both levels", async () => {
    const tree = await open();
    expect([...(tree?.controllers ?? [])]).toEqual(["memory", "cpu", "pids"]);
    expect(await read("cgroup.subtree_control")).toBe("+memory +cpu +pids");
    expect(await read(ownGroupName(), "cgroup.subtree_control")).toBe("+memory +cpu +pids");
    expect(tree?.found).toContain(`below ${own}`);
  });

  it("use some of them where others are missing", async () => {
    const tree = await open("pids");
    expect([...(tree?.controllers ?? [])]).toEqual(["pids"]);
    const cgroup = tree?.create("guest-1", LIMITS);
    await cgroup?.place(4711);
    await cgroup?.limitCpu();
    expect((await readdir(join(own, ownGroupName(), "guest-1"))).sort()).toEqual([
      "cgroup.procs",
      "pids.max",
    ]);
  });

  it.each(["", "io cpuset"])("are not used with the controllers %j", async (controllers) => {
    expect(await open(controllers)).toBeUndefined();
    expect((await readdir(own)).filter((name) => name.startsWith("paddock-"))).toEqual([]);
  });

  it("set a guest's limits before it is placed, and its cpu share when it is told to", async () => {
    const tree = await open();
    const cgroup = tree?.create("guest-1", LIMITS);
    await cgroup?.place(4711);
    const guest = [ownGroupName(), "guest-1"] as const;
    expect(cgroup?.memberships).toEqual([`0::/user/host/${ownGroupName()}/guest-1`]);
    expect(await read(...guest, "memory.max")).toBe("1000000");
    expect(await read(...guest, "pids.max")).toBe("20");
    expect(await read(...guest, "cgroup.procs")).toBe("4711");
    await expect(read(...guest, "cpu.max")).rejects.toThrow("ENOENT");
    await cgroup?.limitCpu();
    expect(await read(...guest, "cpu.max")).toBe("25000 100000");
  });

  it("read what a guest used", async () => {
    const tree = await open();
    const cgroup = tree?.create("guest-1", LIMITS);
    await cgroup?.place(1);
    const guest = join(own, ownGroupName(), "guest-1");
    await writeFile(join(guest, "memory.current"), "123\n");
    await writeFile(join(guest, "memory.peak"), "456\n");
    await writeFile(join(guest, "cpu.stat"), "usage_usec 7500\nuser_usec 7000\n");
    await writeFile(
      join(guest, "memory.events"),
      "low 0\nhigh 0\nmax 3\noom 1\noom_kill 2\noom_group_kill 1\n",
    );
    expect(await cgroup?.usage()).toEqual({
      memoryBytes: 123,
      memoryPeakBytes: 456,
      cpuMs: 7.5,
      oomKills: 2,
    });
    await rm(join(guest, "memory.peak"));
    // Kernels before 5.19 have no such file.
    expect(await cgroup?.usage()).toMatchObject({ memoryPeakBytes: undefined });
  });

  it("never go past the smallest share that the kernel takes", async () => {
    const tree = await open();
    const cgroup = tree?.create("guest-1", { ...LIMITS, cpuCores: 0.001 });
    await cgroup?.place(1);
    await cgroup?.limitCpu();
    expect(await read(ownGroupName(), "guest-1", "cpu.max")).toBe("1000 100000");
  });

  it("of dead hosts only are swept", async () => {
    const tree = await open();
    for (const name of ["paddock-4194305-7", "paddock-foreign", "other"])
      await mkdir(join(own, name, "guest"), { recursive: true });
    await tree?.sweep();
    const names = await readdir(own);
    expect(names).toEqual(expect.arrayContaining(["paddock-foreign", "other", ownGroupName()]));
    expect(names).not.toContain("paddock-4194305-7");
  });
});
