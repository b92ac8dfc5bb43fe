import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../../../test/plugins/host-behaviours/leftovers.js";
import { writeProbe } from "../../../../../test/plugins/host-behaviours/probe.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../../test/plugins/host-behaviours/temporary-home.js";

const run = promisify(execFile);
const path = (relative: string) => new URL(relative, import.meta.url).pathname;
const DOOR = path("../../../dist/index.js");
const FULL_DISK = path("../../../../../test/plugins/host-behaviours/full-disk-host.mjs");
const EXHAUSTED = path("../../../../../test/plugins/host-behaviours/exhausted-host.mjs");

let home: TemporaryHome;
let before: Holdings;
beforeAll(async () => {
  home = await makeTemporaryHome();
  await writeProbe(join(home.path, "probe"));
  before = holdings();
});
afterAll(async () => {
  expect(await leftSince(before)).toEqual([]);
  await home.remove();
});

describe("a host out of descriptors", () => {
  it("says so at every point of a start, leaves nothing, and goes on afterwards", {
    timeout: 60_000,
  }, async () => {
    const args = [EXHAUSTED, DOOR, join(home.path, "home"), join(home.path, "probe"), "64"];
    const { stdout, stderr } = await run("prlimit", ["--nofile=512", process.execPath, ...args], {
      timeout: 50_000,
    });
    expect(stderr).toBe("");
    const { outcomes, after, before: first, end } = JSON.parse(stdout);
    expect(new Set(outcomes)).toEqual(new Set(["HOST_EXHAUSTED", "answered"]));
    expect(outcomes[0]).toBe("HOST_EXHAUSTED");
    expect(outcomes.at(-1)).toBe("answered");
    expect(after).toBe("1.0.0");
    expect(end).toBeLessThanOrEqual(first);
  });
});

describe("a host whose disk is full", () => {
  it("says so, keeps what runs, and goes on once there is room", { timeout: 60_000 }, async () => {
    // A mount of its own is a matter for root.
    if (process.getuid?.() !== 0) return;
    const disk = join(home.path, "disk");
    await mkdir(disk);
    const script = 'mount -t tmpfs -o size=400m,mode=755 tmpfs "$1" && exec "$2" "$3" "$4" "$1" "$5"';
    const args = [disk, process.execPath, FULL_DISK, DOOR, join(home.path, "probe")];
    const { stdout, stderr } = await run("unshare", ["-m", "sh", "-c", script, "sh", ...args], {
      timeout: 50_000,
    });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual(["done", "STORE_FAILED", "STORE_FAILED", "done", "done"]);
  });
});
