import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { allocateUid, sweepUids } from "./uids.js";

const RANGE = { from: 2_000_000_000, count: 1_000 };

let directory = "";
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "paddock-uids-")), "uids");
});
afterEach(() => rm(join(directory, ".."), { recursive: true, force: true }));

describe("allocateUid()", () => {
  it("gives an owner the same uid in every later run", async () => {
    const first = await allocateUid("home\nacme/a\nmain", RANGE, directory);
    expect(await allocateUid("home\nacme/a\nmain", RANGE, directory)).toBe(first);
    expect(await readFile(join(directory, String(first)), "utf8")).toBe("home\nacme/a\nmain");
  });

  it("keeps the directory to itself", async () => {
    await allocateUid("a", RANGE, directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it("never gives two owners the same uid, whatever their start positions", async () => {
    // As many owners as uids: most of them collide.
    const range = { from: 5_000, count: 40 };
    const owners = Array.from({ length: 40 }, (_, index) => `owner-${index}`);
    const uids: number[] = [];
    for (const owner of owners) uids.push(await allocateUid(owner, range, directory));
    expect(new Set(uids).size).toBe(40);
    expect([Math.min(...uids), Math.max(...uids)]).toEqual([5_000, 5_039]);
    const again: number[] = [];
    for (const owner of [...owners].reverse()) again.unshift(await allocateUid(owner, range, directory));
    expect(again).toEqual(uids);
  });

  it("never gives two owners the same uid when fifty ask at once", async () => {
    const range = { from: 5_000, count: 60 };
    const owners = Array.from({ length: 50 }, (_, index) => `owner-${index}`);
    const uids = await Promise.all(owners.map((owner) => allocateUid(owner, range, directory)));
    expect(new Set(uids).size).toBe(50);
  });

  it("gives one owner one uid when it asks fifty times at once", async () => {
    const uids = await Promise.all(Array.from({ length: 50 }, () => allocateUid("a", RANGE, directory)));
    expect(new Set(uids).size).toBe(1);
    expect(await readdir(directory)).toEqual([String(uids[0])]);
  });

  it("leaves no draft behind, and is not disturbed by those of a killed host", async () => {
    const first = await allocateUid("a", RANGE, directory);
    await writeFile(join(directory, `.999-${first}-abc`), "b");
    await writeFile(join(directory, `.999-${first + 1}-abc`), "");
    expect(await allocateUid("a", RANGE, directory)).toBe(first);
    expect(await allocateUid("b", RANGE, directory)).not.toBe(first);
    expect((await readdir(directory)).filter((name) => name.startsWith("."))).toHaveLength(2);
  });

  it("says so when the range is used up", async () => {
    const range = { from: 5_000, count: 2 };
    await allocateUid("a", range, directory);
    await allocateUid("b", range, directory);
    await expect(allocateUid("c", range, directory)).rejects.toMatchObject({
      code: "SETUP_FAILED",
      hint: expect.stringContaining("uids.count"),
    });
  });
});

describe("sweepUids()", () => {
  it("gives back the uids of homes that are gone, and no others", async () => {
    const gone = join(directory, "..", "gone");
    await allocateUid(`${directory}\nacme/a\nmain`, RANGE, directory);
    const uid = await allocateUid(`${gone}\nacme/a\nmain`, RANGE, directory);
    await sweepUids(directory);
    const left = await readdir(directory);
    expect(left).not.toContain(String(uid));
    expect(left).toHaveLength(1);
  });

  it("keeps a uid whose neighbour's search began there", async () => {
    const gone = join(directory, "..", "gone");
    const one = { from: RANGE.from, count: 1 };
    const first = await allocateUid(`${gone}\nacme/a\nmain`, one, directory);
    await writeFile(join(directory, String(first + 1)), `${directory}\nacme/b\nmain`);
    await sweepUids(directory);
    expect((await readdir(directory)).sort()).toEqual([String(first), String(first + 1)]);
  });

  it("leaves what it cannot read as an owner, and a directory that is not there", async () => {
    await allocateUid("relative\nacme/a\nmain", RANGE, directory);
    await sweepUids(directory);
    expect(await readdir(directory)).toHaveLength(1);
    await sweepUids(join(directory, "nowhere"));
  });
});
