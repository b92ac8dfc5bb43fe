import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type FolderWatch, watchFolder } from "./watch-folder.js";

let folder: string;
let watching: FolderWatch | undefined;
let changes = 0;
let onNext: (() => void) | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "watch-"));
  await mkdir(join(folder, "src", "deep"), { recursive: true });
  await mkdir(join(folder, "node_modules"));
  changes = 0;
  watching = await watchFolder(folder, () => {
    changes++;
    onNext?.();
  });
});
afterEach(async () => {
  watching?.close();
  watching?.close();
  await rm(folder, { recursive: true });
});

const next = () =>
  new Promise<void>((resolve) => {
    onNext = resolve;
  });

it("tells many changes at once as one, wherever they are", async () => {
  const told = next();
  for (let at = 0; at < 20; at++) await writeFile(join(folder, "src", "deep", `${at}.js`), "");
  await told;
  expect(changes).toBe(1);
});

it("sees what comes into a folder that is new, and a file that another replaces", async () => {
  const made = next();
  await mkdir(join(folder, "new"));
  await made;
  const written = next();
  await writeFile(join(folder, "new", "a.js"), "");
  await written;
  const replaced = next();
  await writeFile(join(folder, "new", "b.js"), "");
  await rename(join(folder, "new", "b.js"), join(folder, "new", "a.js"));
  await replaced;
});

it("tells nothing of other people's packages, or of what editors write beside", async () => {
  await writeFile(join(folder, "node_modules", "x.js"), "");
  await writeFile(join(folder, "src", ".main.js.swp"), "");
  await writeFile(join(folder, "src", "main.js~"), "");
  const told = next();
  await writeFile(join(folder, "src", "main.js"), "");
  await told;
  expect(changes).toBe(1);
});

it("refuses what is no folder", async () => {
  await expect(watchFolder(join(folder, "missing"), () => undefined)).rejects.toMatchObject({
    code: "USAGE_INVALID",
  });
});
