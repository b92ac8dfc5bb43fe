import { execFile } from "node:child_process";
import { chown, cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeTemporaryHome, type TemporaryHome } from "../plugins/host-behaviours/temporary-home.js";
import { PLUGINS } from "./fault-bench.js";

const SMALL_DISK_HOST = join(PLUGINS, "host-behaviours/small-disk-host.mjs");
const NO_DESCRIPTORS_HOST = join(PLUGINS, "host-behaviours/no-descriptors-host.mjs");
const NO_PROCESSES_HOST = join(PLUGINS, "host-behaviours/no-processes-host.mjs");
/** Nobody else on the machine has it: the limit of processes is a user's. */
const PLAIN_USER = 54_321;

let directory: TemporaryHome;
beforeEach(async () => {
  directory = await makeTemporaryHome();
});
afterEach(() => directory.remove());

/** Runs a host in a process of its own; what it prints. */
async function run(program: string, args: readonly string[]): Promise<unknown> {
  const { stdout, stderr } = await promisify(execFile)(program, args, { timeout: 50_000 });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

const HEALTHY = {
  call: "done",
  read: "done",
  pass: "done",
  newTenant: "done",
  load: "done",
  posture: "done",
  suspend: "done",
  resume: "done",
  host: "done",
  crash: "CRASHED",
  next: "done",
  status: "ready",
};

describe("A host without a free descriptor", () => {
  test("serves the guests it has, says what it lacks, and is well when it has them again", async () => {
    const host = [process.execPath, "--no-warnings", NO_DESCRIPTORS_HOST, directory.path, PLUGINS];
    const { before, during, after, left } = Object(await run("prlimit", ["--nofile=256", ...host]));
    expect(before).toEqual(HEALTHY);
    expect(during).toMatchObject({
      call: "done",
      read: "done",
      pass: "HOST_EXHAUSTED",
      newTenant: "HOST_EXHAUSTED",
      load: "HOST_EXHAUSTED",
      host: "HOST_EXHAUSTED",
      next: "HOST_EXHAUSTED",
    });
    expect(after).toEqual(HEALTHY);
    expect(left).toBeLessThanOrEqual(0);
  }, 60_000);
});

describe("A host that can start no process", () => {
  test("serves the guests it has, says what it lacks, and starts others when it can again", async () => {
    // The limit counts for users; root has none, and cannot be another user without being root.
    if (process.getuid?.() !== 0) return;
    const home = join(directory.path, "plain");
    await mkdir(home);
    await chown(home, PLAIN_USER, PLAIN_USER);
    const user = [`--reuid=${PLAIN_USER}`, `--regid=${PLAIN_USER}`, "--clear-groups"];
    const host = [process.execPath, "--no-warnings", NO_PROCESSES_HOST, home, PLUGINS];
    expect(await run("setpriv", [...user, "prlimit", "--nproc=80", ...host])).toEqual({
      before: "done",
      during: { first: "done", late: "HOST_EXHAUSTED" },
      after: { first: "done", late: "done" },
    });
  }, 60_000);
});

describe("A host whose disk is full", () => {
  test("loses nothing that it acknowledged, and goes on by itself once there is room", async () => {
    // A mount of its own is a matter for root.
    if (process.getuid?.() !== 0) return;
    const disk = join(directory.path, "disk");
    const plugin = join(directory.path, "fails-at");
    await mkdir(disk);
    await cp(join(PLUGINS, "fails-at"), plugin, { recursive: true });
    await writeFile(join(plugin, "moment.json"), '{"moment":"call","way":"crash","always":true}');
    const script =
      'mount -t tmpfs -o size=400m,mode=755 tmpfs "$1" && cp -r "$2" "$1" && shift 2 && exec "$@"';
    const host = [process.execPath, "--no-warnings", SMALL_DISK_HOST, disk, PLUGINS];
    const said = await run("unshare", ["--mount", "sh", "-c", script, "sh", disk, plugin, ...host]);
    expect(said).toEqual({
      before: ["done", "done", "done"],
      during: {
        stores: expect.arrayContaining(["STORE_FAILED"]),
        writes: expect.arrayContaining(["ENOSPC"]),
        passes: "STORE_FAILED",
        newTenant: "STORE_FAILED",
        load: "STORE_FAILED",
        crashes: ["CRASHED", "CRASHED", "PLUGIN_QUARANTINED"],
        release: expect.stringMatching(/^(done|STORE_FAILED)$/),
        reads: "done",
      },
      after: {
        store: "done",
        write: "done",
        pass: "done",
        newTenant: "done",
        load: "done",
        first: 100_000,
      },
      lost: [],
      files: [100_000, 100_000],
    });
  }, 60_000);
});
