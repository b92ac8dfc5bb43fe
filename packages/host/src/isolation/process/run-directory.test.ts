import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readStartTime } from "../../process-status.js";
import { hostName, isDeadHost, makeRunDirectory, sweepRunDirectories } from "./run-directory.js";

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "paddock-run-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe("isDeadHost()", () => {
  it.each(["", "..", "1", "1-", "-1", "1-2-3", "a-1", "1-2x", " 1-2", "99999999999-1", "lost+found"])(
    "leaves %j, which is no host of ours, alone",
    (name) => {
      expect(isDeadHost(name)).toBe(false);
    },
  );

  it("knows the living from the dead by pid and start time", () => {
    const started = readStartTime(process.pid) ?? 0;
    expect(isDeadHost(hostName())).toBe(false);
    expect(isDeadHost(`${process.pid}-${started - 1}`)).toBe(true);
    expect(isDeadHost("4194305-1")).toBe(true);
  });
});

describe("makeRunDirectory()", () => {
  it("makes this host's directory for its owner only", async () => {
    const directory = await makeRunDirectory(home, "1a2b");
    expect(directory).toBe(join(home, "run", hostName(), "1a2b"));
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect(await makeRunDirectory(home, "1a2b")).toBe(directory);
  });
});

describe("sweepRunDirectories()", () => {
  it("removes what a killed host left, and nothing else", async () => {
    const other = spawn("sleep", ["10"]);
    await once(other, "spawn");
    // Safe: it has been spawned.
    const pid = other.pid as number;
    const killed = hostName(pid);
    const own = await makeRunDirectory(home, "1a2b");
    for (const name of [killed, "keep-me", "1-2-3"]) await mkdir(join(home, "run", name));
    await writeFile(join(home, "run", killed, "left"), "");
    await writeFile(join(home, "run", "4194305-1"), "a file, not a folder");

    await sweepRunDirectories(home);
    expect((await readdir(join(home, "run"))).sort()).toEqual(
      ["1-2-3", hostName(), killed, "keep-me"].sort(),
    );

    other.kill("SIGKILL");
    await once(other, "exit");
    await sweepRunDirectories(home);
    expect((await readdir(join(home, "run"))).sort()).toEqual(["1-2-3", hostName(), "keep-me"].sort());
    expect((await stat(own)).isDirectory()).toBe(true);
  });

  it("has nothing to do in a home that is new", async () => {
    await expect(sweepRunDirectories(join(home, "new"))).resolves.toBeUndefined();
  });
});
