import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gatherLibraries } from "./library-tree.js";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "paddock-libraries-"));
  await chmod(directory, 0o755);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function library(name: string, target: string, text = name) {
  const source = join(directory, name);
  await writeFile(source, text);
  return { source, target };
}
const gather = (files: Parameters<typeof gatherLibraries>[0]) =>
  gatherLibraries(files, { cacheDirectory: join(directory, "cache") });

describe("gatherLibraries()", () => {
  it("puts the files of one directory, and nothing else, into one, and leaves single files alone", async () => {
    const linker = await library("ld.so.1", "/lib64/ld.so");
    const files = [
      linker,
      await library("libc.so.6.1", "/lib/libc.so.6"),
      await library("libm-2.so", "/lib/libm.so.6"),
    ];
    const gathered = await gather(files);
    expect(gathered).toEqual([linker, { source: expect.any(String), target: "/lib" }]);
    const tree = gathered[1]?.source ?? "";
    expect((await readdir(tree)).sort()).toEqual(["libc.so.6", "libm.so.6"]);
    expect(await readFile(join(tree, "libm.so.6"), "utf8")).toBe("libm-2.so");
    expect(await gather(files)).toEqual(gathered);
  });

  it("makes another copy when a file has changed", async () => {
    const files = [await library("a", "/lib/a"), await library("b", "/lib/b")];
    const [before] = await gather(files);
    await writeFile(join(directory, "a"), "a new version");
    const [after] = await gather(files);
    expect(after?.source).not.toBe(before?.source);
    expect(await readFile(join(after?.source ?? "", "a"), "utf8")).toBe("a new version");
  });

  it("leaves a directory alone in which another one is to be mounted", async () => {
    const files = [
      await library("a", "/lib/a"),
      await library("b", "/lib/b"),
      await library("c", "/lib/x86/c"),
    ];
    expect(await gather(files)).toEqual(files);
  });

  it("leaves files where they are when they cannot be copied", async () => {
    const files = [await library("a", "/lib/a"), await library("b", "/lib/b")];
    await mkdir(join(directory, "cache"));
    await writeFile(join(directory, "cache", "trees"), "not a directory");
    expect(await gather(files)).toEqual(files);
  });
});
