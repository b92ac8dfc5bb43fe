import { writeSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStatusFile, parseStatus } from "./status-file.js";

const FIRST = '{ "child-pid": 4711, "cgroup-namespace": 1, "ipc-namespace": 2 }\n';
const LAST = '{ "exit-code": 137 }\n';

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "paddock-status-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe("openStatusFile()", () => {
  it("tells the child and, at the end, how it ended, and leaves no name", async () => {
    const file = await openStatusFile(directory);
    expect(await readdir(directory)).toEqual([]);
    expect(await file.read()).toEqual({ childPid: undefined, exitCode: undefined });
    writeSync(file.descriptor, FIRST);
    expect(await file.read()).toEqual({ childPid: 4711, exitCode: undefined });
    writeSync(file.descriptor, LAST);
    expect(await file.read()).toEqual({ childPid: 4711, exitCode: 137 });
    await file.close();
  });

  it("waits for the child, and no longer than it may", async () => {
    const file = await openStatusFile(directory);
    const pid = file.childPid(AbortSignal.timeout(5_000));
    writeSync(file.descriptor, FIRST.slice(0, 18));
    expect((await file.read()).childPid).toBeUndefined();
    writeSync(file.descriptor, FIRST.slice(18));
    expect(await pid).toBe(4711);
    await file.close();
    const other = await openStatusFile(directory);
    await expect(other.childPid(AbortSignal.timeout(10))).rejects.toMatchObject({ name: "AbortError" });
    await other.close();
  });
});

describe("parseStatus()", () => {
  it("takes no number that may go on", () => {
    for (let cut = 0; cut < FIRST.length; cut++) {
      expect([undefined, 4711]).toContain(parseStatus(FIRST.slice(0, cut)).childPid);
    }
    expect(parseStatus('{ "child-pid": 47').childPid).toBeUndefined();
  });
});
