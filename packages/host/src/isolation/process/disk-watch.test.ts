import { execFile } from "node:child_process";
import { mkdir, mkdtemp, open, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readStartTime } from "../../process-status.js";
import { DISK_SAMPLE_MS, measureDirectory, startDiskWatch } from "./disk-watch.js";

const MB = 1024 ** 2;
const MANY = Number.MAX_SAFE_INTEGER;

let directory = "";
let abort = new AbortController();
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "paddock-disk-"));
  abort = new AbortController();
});
afterEach(async () => {
  abort.abort();
  await rm(directory, { recursive: true, force: true });
});

describe("measureDirectory()", () => {
  it("counts the blocks of every file, however deep", async () => {
    await mkdir(join(directory, "a/b/c"), { recursive: true });
    await writeFile(join(directory, "one"), Buffer.alloc(MB, 1));
    await writeFile(join(directory, "a/b/c/two"), Buffer.alloc(2 * MB, 1));
    const { bytes, files } = await measureDirectory(directory, MANY, MANY);
    expect(files).toBe(5);
    expect(bytes).toBeGreaterThanOrEqual(3 * MB);
    expect(bytes).toBeLessThan(3.2 * MB);
  });

  it("counts what is really used of a file with holes", async () => {
    await writeFile(join(directory, "sparse"), "");
    await truncate(join(directory, "sparse"), 1024 * MB);
    expect((await measureDirectory(directory, MANY, MANY)).bytes).toBeLessThan(MB);
  });

  it("follows no links", async () => {
    await symlink("/", join(directory, "root"));
    await symlink(directory, join(directory, "self"));
    expect((await measureDirectory(directory, MANY, MANY)).files).toBe(2);
  });

  it("stops counting once either bound is passed", async () => {
    for (let file = 0; file < 50; file++)
      await writeFile(join(directory, String(file)), Buffer.alloc(10_000));
    expect((await measureDirectory(directory, MANY, 10)).files).toBe(11);
    expect((await measureDirectory(directory, 30_000, MANY)).files).toBeLessThan(10);
  });

  it("has nothing to count in a directory that is gone", async () => {
    expect(await measureDirectory(join(directory, "gone"), MANY, MANY)).toEqual({ bytes: 0, files: 0 });
  });

  it("refuses what is buried deeper than a path can say", async () => {
    const name = "d".repeat(250);
    // As a guest does it: one relative step after the other.
    const script = `i=0; while [ $i -lt 20 ]; do mkdir ${name} && cd ${name}; i=$((i + 1)); done`;
    await promisify(execFile)("sh", ["-c", script], { cwd: directory });
    await expect(measureDirectory(directory, MANY, MANY)).rejects.toMatchObject({ code: "ENAMETOOLONG" });
    await promisify(execFile)("rm", ["-rf", name], { cwd: directory });
  });
});

describe("startDiskWatch()", () => {
  function start(maxBytes: number, maxFiles = 1_000): { readonly excess: string[]; cpuMs: number } {
    const state = { excess: [] as string[], cpuMs: 0 };
    startDiskWatch({
      directory,
      list: () => [{ pid: process.pid, startTime: readStartTime(process.pid) ?? 0 }],
      maxBytes,
      maxFiles,
      cpuMs: () => state.cpuMs,
      signal: abort.signal,
      onExcess: (message) => state.excess.push(message),
    });
    return state;
  }

  it("ends a guest that keeps too much, once", async () => {
    const state = start(MB);
    await writeFile(join(directory, "big"), Buffer.alloc(2 * MB, 1));
    state.cpuMs = 10;
    await expect.poll(() => state.excess).toEqual(["it keeps more than 1 MB in /data"]);
    state.cpuMs = 20;
    await wait(3 * DISK_SAMPLE_MS);
    expect(state.excess).toHaveLength(1);
  });

  it("ends a guest that keeps too many files", async () => {
    const state = start(MANY, 5);
    for (let file = 0; file < 6; file++) await writeFile(join(directory, String(file)), "");
    state.cpuMs = 10;
    await expect.poll(() => state.excess).toEqual(["it keeps more than 5 files in /data"]);
  });

  it("counts a file that was deleted and is still open", async () => {
    const file = await open(join(directory, "hidden"), "w");
    await file.write(Buffer.alloc(2 * MB, 1));
    await rm(join(directory, "hidden"));
    const state = start(MB);
    state.cpuMs = 10;
    await expect.poll(() => state.excess).toHaveLength(1);
    await file.close();
  });

  it("does not look while the guest stands still", async () => {
    const state = start(MB);
    await wait(2 * DISK_SAMPLE_MS);
    await writeFile(join(directory, "big"), Buffer.alloc(2 * MB, 1));
    await wait(4 * DISK_SAMPLE_MS);
    expect(state.excess).toEqual([]);
    state.cpuMs = 10;
    await expect.poll(() => state.excess).toHaveLength(1);
  });

  it("stops with the guest", async () => {
    const state = start(MB);
    abort.abort();
    await writeFile(join(directory, "big"), Buffer.alloc(2 * MB, 1));
    state.cpuMs = 10;
    await wait(4 * DISK_SAMPLE_MS);
    expect(state.excess).toEqual([]);
  });
});
