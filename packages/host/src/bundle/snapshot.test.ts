import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { utimesSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { writeFolder } from "../../../../test/plugins/bundle-folders/write-folder.js";
import { FOLDER_MAX_FILE_BYTES, FOLDER_MAX_FILES } from "./folder-bounds.js";
import { snapshotFolder } from "./snapshot.js";
import { createBundleStore } from "./store.js";

const run = promisify(execFile);
let home = "";
let folder = "";
let count = 0;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "paddock-snapshot-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));
beforeEach(async () => {
  count += 1;
  folder = await writeFolder(join(home, `folder-${count}`), { "src/main.ts": "export default 1;\n" });
});

const store = () => createBundleStore(join(home, "store"));

/** The error of a snapshot, and proof that it left nothing behind. */
async function refuse(): Promise<unknown> {
  const error = await snapshotFolder(folder, store()).then(
    () => "not refused",
    (reason: unknown) => reason,
  );
  expect(await readdir(join(home, "store/staging"))).toEqual([]);
  return error;
}

describe("snapshotFolder()", () => {
  it("copies bytes, keeps the owner's x bit and forgets every other permission", async () => {
    await writeFolder(folder, { "run.sh": "#!/bin/sh\n", "bytes.bin": "\u0000é" });
    await chmod(join(folder, "run.sh"), 0o4750);
    await chmod(join(folder, "bytes.bin"), 0o600);
    const { files, staging } = await snapshotFolder(folder, store());
    const shown = files.map(({ path, mode, sha256 }) => [path, mode, sha256]).sort();
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    expect(shown).toEqual([
      ["bytes.bin", "0644", sha256("\u0000é")],
      ["run.sh", "0755", sha256("#!/bin/sh\n")],
      ["src/main.ts", "0644", sha256("export default 1;\n")],
    ]);
    expect(await readFile(join(staging.directory, "run.sh"), "utf8")).toBe("#!/bin/sh\n");
    await staging.discard();
  });

  it("leaves out node_modules and .git everywhere, and data at the top, whatever they are", async () => {
    await writeFolder(folder, {
      "node_modules/x/index.js": "",
      "src/node_modules": { link: "/etc" },
      ".git/config": "",
      data: { link: "/etc" },
      "src/data/kept.json": "{}",
    });
    const { files, staging } = await snapshotFolder(folder, store());
    expect(files.map((file) => file.path).sort()).toEqual(["src/data/kept.json", "src/main.ts"]);
    await staging.discard();
  });

  it.each([
    ["a link to a file", "ln -s /etc/passwd src/link", "src/link", "it is a symbolic link"],
    ["a link to a folder", "ln -s /etc link", "link", "it is a symbolic link"],
    ["a link that leads nowhere", "ln -s nowhere link", "link", "it is a symbolic link"],
    ["a link to itself", "ln -s loop loop", "loop", "it is a symbolic link"],
    ["a FIFO", "mkfifo src/fifo", "src/fifo", "it is a FIFO"],
    [
      "a name with a line break",
      "touch \"$(printf 'a\\nb')\"",
      "a\\u{a}b",
      "control characters or a backslash",
    ],
    ["a name with a backslash", "touch 'a\\b'", "a\\u{5c}b", "control characters or a backslash"],
    ["a name that reads backwards", "touch $'a\\u202eb'", "a\\u{202e}b", "control characters or a backslash"],
    ["a name that is not UTF-8", "touch $'a\\xff'", "aÿ", "its name is not UTF-8"],
    ["a name of the host's", "mkdir .paddock", ".paddock", "the name is reserved for the host"],
    ["33 folders deep", "mkdir -p d/$(printf 'd/%.0s' $(seq 32))", "d/d/d/d", "more than 32 folders deep"],
    [
      "a path over 1,024 bytes",
      "n=$(printf 'n%.0s' $(seq 200)); mkdir -p $n/$n/$n/$n/$n/$n",
      "nnnn",
      "its path is longer than 1024 bytes",
    ],
  ])("refuses %s and says where it is", async (_, make, path, state) => {
    await run("bash", ["-c", make], { cwd: folder, env: { ...process.env, LC_ALL: "C.UTF-8" } });
    expect(await refuse()).toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringContaining(state),
      hint: expect.any(String),
      data: { path: expect.stringContaining(path) },
    });
  });

  it("refuses a socket", async () => {
    const server = createServer().listen(join(folder, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    expect(await refuse()).toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringContaining("socket"),
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it("refuses a file that is too large without reading it", async () => {
    await writeFile(join(folder, "large"), "");
    await truncate(join(folder, "large"), FOLDER_MAX_FILE_BYTES + 1);
    const started = performance.now();
    expect(await refuse()).toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringContaining("32 MB"),
    });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("refuses more bytes in all than it would store", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) {
      await writeFile(join(folder, name), "");
      await truncate(join(folder, name), FOLDER_MAX_FILE_BYTES - 1);
    }
    expect(await refuse()).toMatchObject({ code: "PLUGIN_INVALID" });
  });

  it("refuses 6,000 files", async () => {
    await mkdir(join(folder, "many"));
    await run("bash", ["-c", "seq 6000 | xargs touch"], { cwd: join(folder, "many") });
    expect(await refuse()).toMatchObject({
      code: "PLUGIN_INVALID",
      message: `Cannot load the plugin: it has more than ${FOLDER_MAX_FILES} files.`,
    });
  });

  it("refuses a file that never rests", async () => {
    const path = join(folder, "src/main.ts");
    // Large enough that the writer comes round many times while it is read.
    await truncate(path, FOLDER_MAX_FILE_BYTES);
    const writer = setInterval(() => utimesSync(path, 1, Math.random() * 1e6), 1);
    const error = await refuse();
    clearInterval(writer);
    expect(error).toMatchObject({
      code: "PLUGIN_INVALID",
      message: 'Cannot use the file "src/main.ts" of the plugin: it changes while it is read.',
    });
  });

  it("names a folder that is not there", async () => {
    folder = join(home, "gone");
    expect(await refuse()).toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringContaining("gone"),
    });
  });

  it("never waits so long that the host's own work stands still", async () => {
    for (let index = 0; index < 20; index += 1) {
      await writeFile(join(folder, `large-${index}`), Buffer.alloc(1024 ** 2, index));
    }
    let worst = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      worst = Math.max(worst, performance.now() - last);
      last = performance.now();
    }, 1);
    const { staging } = await snapshotFolder(folder, store());
    clearInterval(timer);
    await staging.discard();
    expect(worst).toBeLessThan(250);
  });

  it("makes everything searchable for the users that guests have, whatever the umask", async () => {
    const umask = process.umask(0o077);
    try {
      const { staging } = await snapshotFolder(folder, store());
      expect((await stat(join(staging.directory, "src"))).mode & 0o777).toBe(0o755);
      await staging.discard();
    } finally {
      process.umask(umask);
    }
  });
});
