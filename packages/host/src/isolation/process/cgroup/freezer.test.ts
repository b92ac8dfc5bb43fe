import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { GROUP } from "../../../../../../test/plugins/host-behaviours/planned-launch.js";
import { readStartTime, readStat } from "../../../process-status.js";
import { createBrakes } from "../brakes.js";
import { createFreezer } from "./freezer.js";
import { readOwnGroups } from "./own-groups.js";

/** A group of the kernel's own, where this process may make one. */
async function makeGroup(): Promise<string | undefined> {
  const unified = (await readOwnGroups()).find(({ version }) => version === 2);
  if (unified === undefined) return undefined;
  return mkdtemp(join(unified.directory, "freezer-test-")).catch(() => undefined);
}

it("freezes a group, thaws it, and lets it be killed while it is frozen", async () => {
  const directory = await makeGroup();
  if (directory === undefined) return;
  const child = spawn("sh", ["-c", "while :; do :; done"]);
  try {
    await once(child, "spawn");
    // Safe: it has been spawned.
    const pid = child.pid as number;
    await writeFile(join(directory, "cgroup.procs"), String(pid));
    const list = () => [{ pid, startTime: readStartTime(pid) ?? 0 }];
    const brakes = createBrakes(list, { ...GROUP, freezer: createFreezer(directory) });
    expect(await brakes.hold("a test")).toBe(true);
    const before = readStat(pid)?.cpuTicks ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(readStat(pid)?.cpuTicks).toBe(before);
    brakes.release("a test");
    await expect.poll(() => readStat(pid)?.cpuTicks).toBeGreaterThan(before);
    await brakes.hold("a test");
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
    await rmdir(directory);
  }
});

it("gives up when the kernel does not say that everybody stands", async () => {
  const directory = await mkdtemp(join(tmpdir(), "freezer-"));
  await writeFile(join(directory, "cgroup.events"), "populated 1\nfrozen 0\n");
  await expect(createFreezer(directory).freeze()).rejects.toThrow(/does not freeze/);
  await rm(directory, { recursive: true });
});
