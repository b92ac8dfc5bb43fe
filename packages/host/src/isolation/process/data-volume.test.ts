import { execFile } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { copyFile, open, readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../../../test/plugins/host-behaviours/leftovers.js";
import { nodeSpec } from "../../../../../test/plugins/host-behaviours/node-spec.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../../test/plugins/host-behaviours/temporary-home.js";
import type { GuestEnd, GuestProcess, Isolation } from "../isolation.js";
import { findVolumeTools, imageOf, prepareDataDirectory, prepareImage } from "./data-volume.js";
import { createProcessIsolation } from "./process.js";
import { SpareVolumes } from "./spare-volumes.js";

const MB = 1024 ** 2;
const isRoot = process.getuid?.() === 0;
const UIDS = { from: 2_000_000_000, count: 100_000 };
const run = promisify(execFile);

let home: TemporaryHome;
let before: Holdings;
let isolation: Isolation;
let count = 0;
let tenant = "";

beforeAll(async () => {
  home = await makeTemporaryHome();
  before = holdings();
});
beforeEach(async () => {
  tenant = `tenant-${++count}`;
  isolation = await createProcessIsolation({ home: home.path, uids: UIDS });
});
afterEach(async () => {
  await isolation.close();
  expect(await leftSince(before)).toEqual([]);
});
afterAll(() => home.remove());

const directory = () => join(home.path, "data", `acme-probe-${tenant}`);

async function start(
  code: string,
  megabytes: number,
  inodes = 1_000,
  lines: string[] = [],
): Promise<GuestProcess> {
  return isolation.launch(
    await nodeSpec({
      home: home.path,
      code: `const fs = require("node:fs"); ${code}`,
      tenant,
      hasData: true,
      limits: { diskBytes: megabytes * MB, inodes },
      onLog: ({ text }) => lines.push(text),
    }),
  );
}

/** A limit changes with the configuration, which a host reads when it starts. */
async function restart(): Promise<void> {
  await isolation.close();
  isolation = await createProcessIsolation({ home: home.path, uids: UIDS });
}

/** What a guest printed until it ended by itself. */
async function runGuest(
  code: string,
  megabytes: number,
  inodes = 1_000,
): Promise<{ end: GuestEnd; text: string }> {
  const lines: string[] = [];
  const guest = await start(code, megabytes, inodes, lines);
  const end = await guest.ended;
  return { end, text: lines.join("\n") };
}

/** Writes until it cannot; prints how much it was and why it ended. */
const FILL = `
  const fd = fs.openSync("/data/big", "w");
  const block = Buffer.alloc(64 * 1024, 1);
  let written = 0;
  try { for (;;) written += fs.writeSync(fd, block); } catch (error) { console.log(written, error.code); }
`;

describe("a guest's own files", () => {
  it("survive its end", async () => {
    await runGuest(
      'fs.writeFileSync("/data/note", "kept"); fs.mkdirSync("/data/a/b", { recursive: true });',
      8,
    );
    const { text } = await runGuest(
      'console.log(fs.readFileSync("/data/note", "utf8"), fs.readdirSync("/data").sort().join());',
      8,
    );
    expect(text).toBe("kept a,note");
  });

  it("survive a kill in the middle of writing, and are whole again", async () => {
    const guest = await start(
      'fs.writeFileSync("/data/note", "kept"); for (let n = 0; ; n++) fs.writeFileSync("/data/busy" + n % 50, Buffer.alloc(10_000, n));',
      16,
    );
    await expect
      .poll(() => guest.usage().then(({ cpuMs }) => cpuMs), { timeout: 5_000 })
      .toBeGreaterThan(100);
    guest.kill({ code: "KILLED", message: "the test" });
    await guest.ended;
    const { text, end } = await runGuest('console.log(fs.readFileSync("/data/note", "utf8"));', 16);
    expect([text, end.code]).toEqual(["kept", undefined]);
  });

  it("stop at the quota: by the kernel where the host may ask it to, else by ending the guest", async () => {
    const { end, text } = await runGuest(FILL, 16);
    if (!isRoot) {
      // One file cannot pass the limit of its size, which is the quota.
      expect([end.code, text]).toSatisfy(
        ([code, said]) => code === "DISK_LIMIT" || /EFBIG|ENOSPC/.test(said),
      );
      return;
    }
    const [written, code] = text.split(" ");
    expect(code).toMatch(/ENOSPC|EFBIG/);
    expect(Number(written) / (16 * MB)).toBeGreaterThan(0.95);
    expect(Number(written) / (16 * MB)).toBeLessThan(1.05);
    expect(end.code).toBeUndefined();
  });

  it("stop at the quota however many they are", async () => {
    const code = `
      let written = 0;
      try {
        for (let n = 0; ; n++) { fs.writeFileSync("/data/part" + n, Buffer.alloc(1_000_000, 1)); written++; }
      } catch (error) { console.log(written, error.code); }`;
    const { end, text } = await runGuest(code, 16);
    if (isRoot) {
      expect(text).toMatch(/^1[567] ENOSPC$/);
      expect(end.code).toBeUndefined();
    } else {
      expect(end).toMatchObject({
        code: "DISK_LIMIT",
        message: "it keeps more than 16 MB in /data",
        evidence: { limit: 16 * MB },
      });
    }
  });

  it("stop at the number of files", async () => {
    const code = `
      let made = 0;
      try { for (;;) fs.writeFileSync("/data/" + made++, ""); } catch (error) { console.log(made, error.code); }
      setTimeout(() => undefined, 500);`;
    const { end, text } = await runGuest(code, 16, 200);
    if (isRoot) {
      const [made, errno] = text.split(" ");
      expect(errno).toBe("ENOSPC");
      expect(Number(made)).toBeGreaterThan(180);
      expect(Number(made)).toBeLessThan(260);
    } else
      expect(end).toMatchObject({ code: "DISK_LIMIT", message: "it keeps more than 200 files in /data" });
  });

  it("grow with the limit, and keep what they hold when it shrinks", async () => {
    await runGuest('fs.writeFileSync("/data/note", Buffer.alloc(6_000_000, 7));', 8);
    await restart();
    const grown = await runGuest(
      'fs.writeFileSync("/data/more", Buffer.alloc(20_000_000, 8)); console.log("fits");',
      32,
    );
    expect(grown.text).toBe("fits");
    await restart();
    const shrunk = await runGuest(
      'console.log(fs.readFileSync("/data/note").length, fs.statSync("/data/more").size); fs.rmSync("/data/more");',
      8,
    );
    expect(shrunk.text).toSatisfy(
      (text) => text === "6000000 20000000" || (!isRoot && shrunk.end.code === "DISK_LIMIT"),
    );
    await restart();
    const after = await runGuest(
      'try { fs.writeFileSync("/data/again", Buffer.alloc(20_000_000, 8)); console.log("fits"); } catch (error) { console.log(error.code); }',
      8,
    );
    if (isRoot) expect(after.text).toMatch(/ENOSPC|EFBIG/);
  });

  it("belong to one tenant alone", async () => {
    await runGuest('fs.writeFileSync("/data/secret", "of one");', 8);
    tenant = `tenant-${++count}`;
    const { text } = await runGuest('console.log(fs.readdirSync("/data").length);', 8);
    expect(text).toBe("0");
  });

  it("are shared by the guests of one tenant that run at the same time", async () => {
    const first = await start(
      'fs.writeFileSync("/data/shared", "by the first"); setInterval(() => undefined, 1000);',
      8,
    );
    const read =
      'const look = () => { try { console.log(fs.readFileSync("/data/shared", "utf8")); process.exit(); } catch { setTimeout(look, 10); } }; look();';
    const { text } = await runGuest(read, 8);
    expect(text).toBe("by the first");
    first.kill({ code: "KILLED", message: "the test" });
    await first.ended;
  });
});

describe("the volume of an operator who is root", () => {
  it("is taken by one host at a time, and the other is told who has it", { timeout: 30_000 }, async () => {
    if (!isRoot) return expect(await findVolumeTools()).toBe("only root may mount a volume");
    const guest = await start("setInterval(() => undefined, 1000);", 8);
    const other = await createProcessIsolation({ home: home.path, uids: UIDS });
    const spec = await nodeSpec({
      home: home.path,
      code: "0",
      tenant,
      hasData: true,
      limits: { diskBytes: 8 * MB },
    });
    await expect(other.launch(spec)).rejects.toMatchObject({
      code: "SETUP_FAILED",
      message: expect.stringContaining("another guest still has it"),
    });
    await other.close();
    guest.kill({ code: "KILLED", message: "the test" });
    await guest.ended;
  });

  it("is checked when it was not let go of properly", async () => {
    const tools = await findVolumeTools();
    if (typeof tools === "string") return expect(isRoot).toBe(false);
    await runGuest('fs.writeFileSync("/data/note", "kept");', 8);
    await restart();
    const guest = await start(
      'fs.writeFileSync("/data/more", "x".repeat(100_000)); setInterval(() => undefined, 1000);',
      8,
    );
    const image = imageOf(directory());
    // What a power cut leaves: the volume as it is on the disk while it is mounted.
    await run("sync", ["-f", image]);
    await copyFile(image, `${image}.cut`);
    guest.kill({ code: "KILLED", message: "the test" });
    await guest.ended;
    await isolation.close();
    await rename(`${image}.cut`, image);
    expect((await readFile(image)).readUInt16LE(1024 + 0x3a) & 1).toBe(0);
    await prepareImage(image, { bytes: 8 * MB, inodes: 1_000 }, tools);
    expect((await readFile(image)).readUInt16LE(1024 + 0x3a) & 1).toBe(1);
    isolation = await createProcessIsolation({ home: home.path, uids: UIDS });
    expect((await runGuest('console.log(fs.readFileSync("/data/note", "utf8"));', 8)).text).toBe("kept");
  });

  it("that is beyond repair is said to be, and is not replaced", async () => {
    const tools = await findVolumeTools();
    if (typeof tools === "string") return;
    const image = imageOf(directory());
    await prepareImage(image, { bytes: 8 * MB, inodes: 100 }, tools);
    const file = await open(image, constants.O_RDWR);
    await file.write(Buffer.alloc(64 * 1024, 0xff), 0, 64 * 1024, 0);
    await file.close();
    const size = (await stat(image)).size;
    await expect(prepareImage(image, { bytes: 8 * MB, inodes: 100 }, tools)).rejects.toMatchObject({
      code: "STORE_FAILED",
      hint: expect.stringContaining("e2fsck"),
    });
    expect((await stat(image)).size).toBe(size);
  });

  it("takes no room of the disk that is not used", async () => {
    const tools = await findVolumeTools();
    if (typeof tools === "string") return;
    await prepareImage(imageOf(directory()), { bytes: 1024 * MB, inodes: 10_000 }, tools);
    const { blocks } = await stat(imageOf(directory()));
    expect(blocks * 512).toBeLessThan(16 * MB);
    expect(await readdir(directory())).toEqual(["volume.ext4"]);
    // What e2fsprogs itself thinks of it.
    await expect(run(tools.e2fsck, ["-f", "-n", imageOf(directory())])).resolves.toBeDefined();
  });

  it("is there already for the next tenant with that quota", async () => {
    const tools = await findVolumeTools();
    if (typeof tools === "string") return;
    const spareFolder = join(directory(), "spare");
    const spares = new SpareVolumes(spareFolder);
    const prepare = (name: string, bytes: number) =>
      prepareImage(join(directory(), name), { bytes, inodes: 1_000 }, tools, spares);
    await prepare("first", 8 * MB);
    // A draft has a longer name.
    await expect.poll(async () => (await readdir(spareFolder).catch(() => []))[0]?.length).toBe(36);
    const [name = ""] = await readdir(spareFolder);
    const { ino } = await stat(join(spareFolder, name));
    await prepare("larger", 16 * MB);
    expect((await stat(join(directory(), "larger"))).size).toBeGreaterThan(16 * MB);
    await prepare("second", 8 * MB);
    expect((await stat(join(directory(), "second"))).ino).toBe(ino);
    await expect(run(tools.e2fsck, ["-f", "-n", join(directory(), "second")])).resolves.toBeDefined();
    await spares.close();
  });
});

describe("prepareDataDirectory()", () => {
  it("makes a directory for the guest's user alone, and keeps what is in it", async () => {
    const uid = isRoot ? 70_001 : (process.getuid?.() ?? 0);
    const path = await prepareDataDirectory(directory(), uid);
    const stats = await stat(path);
    expect([stats.mode & 0o777, stats.uid]).toEqual([0o700, uid]);
    await (await open(join(path, "note"), "w")).close();
    expect(await prepareDataDirectory(directory(), uid)).toBe(path);
    expect(existsSync(join(path, "note"))).toBe(true);
  });
});
