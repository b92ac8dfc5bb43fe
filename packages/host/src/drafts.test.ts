import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { draftOf, sweepDrafts } from "./drafts.js";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "drafts-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe("draftOf()", () => {
  it("names something beside the target that can become it", async () => {
    const target = join(directory, "target");
    await writeFile(draftOf(target), "whole");
    const [name = ""] = await readdir(directory);
    await rename(join(directory, name), target);
    expect(await readdir(directory)).toEqual(["target"]);
  });

  it("never gives a name twice", () => {
    expect(draftOf("/a/b")).not.toBe(draftOf("/a/b"));
  });
});

describe("sweepDrafts()", () => {
  it("removes those of processes that are gone, and of ones whose number is another's now", async () => {
    const own = draftOf(join(directory, "target"));
    await writeFile(own, "");
    // No process has the first number: pid_max is at most 2^22.
    for (const name of [".draft-4194305-1-x", `.draft-${process.pid}-1-x`])
      await mkdir(join(directory, name, "below"), { recursive: true });
    for (const name of [".draft-1", "draft-4194305-1-x", "target"])
      await writeFile(join(directory, name), "");
    await mkdir(join(directory, "below"));
    await writeFile(join(directory, "below/.draft-4194305-1-x"), "");
    await sweepDrafts(directory);
    await sweepDrafts(join(directory, "absent"));
    expect(await readdir(join(directory, "below"))).toEqual([]);
    expect((await readdir(directory)).sort()).toEqual(
      [".draft-1", basename(own), "below", "draft-4194305-1-x", "target"].sort(),
    );
  });
});
