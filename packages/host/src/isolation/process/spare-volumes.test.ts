import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SpareVolumes } from "./spare-volumes.js";

let directory = "";
let spares: SpareVolumes;
const folder = () => join(directory, "spare");
const image = () => join(directory, "volume.ext4");
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "paddock-spares-"));
  spares = new SpareVolumes(folder());
});
afterEach(async () => {
  await spares.close();
  await rm(directory, { recursive: true, force: true });
});

const made = () => readdir(folder()).catch(() => []);

describe("SpareVolumes", () => {
  it("has none at first, and one of the shape that was asked for a while later, for one taker", async () => {
    expect(await spares.place("small", image())).toBe(false);
    spares.prepareSoon("small", (path) => writeFile(path, "a volume"));
    await expect.poll(async () => (await made()).length).toBe(1);
    await expect.poll(() => spares.place("small", image())).toBe(true);
    expect(await readFile(image(), "utf8")).toBe("a volume");
    expect(await spares.place("small", join(directory, "other"))).toBe(false);
  });

  it("gives none of another shape, and keeps only the last", async () => {
    spares.prepareSoon("small", (path) => writeFile(path, "small"));
    await expect.poll(async () => (await made()).length).toBe(1);
    expect(await spares.place("large", image())).toBe(false);
    spares.prepareSoon("large", (path) => writeFile(path, "large"));
    await expect.poll(() => spares.place("large", image())).toBe(true);
    expect(await made()).toEqual([]);
  });

  it("goes on when one cannot be made", async () => {
    const tried: string[] = [];
    spares.prepareSoon("small", async (path) => {
      tried.push(path);
      throw new Error("no room");
    });
    await expect.poll(() => tried.length).toBe(1);
    expect(await spares.place("small", image())).toBe(false);
    spares.prepareSoon("small", (path) => writeFile(path, ""));
    await expect.poll(() => spares.place("small", image())).toBe(true);
  });

  it("leaves nothing when it is closed, also while one is being made", async () => {
    let isBegun = false;
    spares.prepareSoon("small", async (path) => {
      isBegun = true;
      await writeFile(path, "");
    });
    await expect.poll(() => isBegun).toBe(true);
    await spares.close();
    await spares.close();
    spares.prepareSoon("small", (path) => writeFile(path, ""));
    expect(existsSync(folder())).toBe(false);
  });
});
