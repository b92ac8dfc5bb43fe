import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolder } from "./make-folder.js";
import { withTrialHome } from "./trial-home.js";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "trial-"));
});
afterEach(() => rm(home, { recursive: true }));

test("withTrialHome() uses the same place again, and another for a second trial at the same time", async () => {
  const names: string[] = [];
  await withTrialHome(home, "try", async (first) => {
    names.push(basename(first));
    await withTrialHome(home, "try", async (second) => void names.push(basename(second)));
  });
  await withTrialHome(home, "try", async (third) => void names.push(basename(third)));
  expect(names).toEqual(["try-0", "try-1", "try-0"]);
  expect(await readdir(join(home, "trials"))).toEqual([]);
});

test("withTrialHome() removes its place when the trial fails", async () => {
  await expect(withTrialHome(home, "try", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await readdir(join(home, "trials"))).toEqual([]);
});

test("withTrialHome() takes over from a trial that was killed", async () => {
  await makeFolder(join(home, "trials", "try-0", "left"));
  // Above the largest pid that Linux gives (2^22).
  await writeFile(join(home, "trials", "try-0", "pid"), "99999999");
  await withTrialHome(home, "try", async (place) => {
    expect(basename(place)).toBe("try-0");
    expect(await readdir(place)).toEqual(["pid"]);
  });
});

test("makeFolder() gives up where nothing can be made", async () => {
  await expect(makeFolder("/proc/paddock/below")).rejects.toMatchObject({ code: "ENOENT" });
});
