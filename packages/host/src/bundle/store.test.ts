import { execFile } from "node:child_process";
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BundleStore, createBundleStore } from "./store.js";
import type { StoredTree } from "./stored-tree.js";
import { toStoreError } from "./system-error.js";

const run = promisify(execFile);
const FILES = { "src/main.ts": "export default 1;\n", "run.sh": "#!/bin/sh\n" } as const;
let home = "";
let directory = "";
let store: BundleStore;
let count = 0;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "paddock-store-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));
beforeEach(() => {
  count += 1;
  directory = join(home, `store-${count}`);
  store = createBundleStore(directory);
});

async function add(files: Readonly<Record<string, string>> = FILES): Promise<StoredTree> {
  const staging = await store.stage();
  for (const [path, text] of Object.entries(files)) {
    const pieces = (async function* () {
      yield Buffer.from(text);
    })();
    await staging.write(path, path.endsWith(".sh") ? "0755" : "0644", pieces);
  }
  return store.commit(staging);
}

describe("createBundleStore()", () => {
  it("keeps files read-only, readable by everybody, with an empty place for data", async () => {
    const tree = await add();
    const modes = ["src/main.ts", "run.sh", "src", "data", "."].map(async (path) =>
      ((await stat(join(tree.directory, path))).mode & 0o7777).toString(8),
    );
    expect(await Promise.all(modes)).toEqual(["444", "555", "755", "755", "755"]);
    expect(await readdir(join(tree.directory, "data"))).toEqual([]);
    expect(tree.directory).toBe(join(directory, "trees", tree.digest.slice(7)));
  });

  it("names a tree by its files, as sha256sum can repeat", async () => {
    const { digest, directory: tree } = await add();
    const line = "line() { echo $(sha256sum $1 | cut -d' ' -f1) $2 $1; }";
    const script = `${line}; { line run.sh 0755; line src/main.ts 0644; } | sha256sum`;
    const { stdout } = await run("bash", ["-c", script], { cwd: tree });
    expect(digest).toBe(`sha256:${stdout.slice(0, 64)}`);
  });

  it("keeps one tree when the same files come twice, even at once", async () => {
    const trees = await Promise.all([add(), add(), add()]);
    expect(new Set(trees.map((tree) => tree.directory)).size).toBe(1);
    expect(await readdir(join(directory, "trees"))).toHaveLength(1);
    expect(await readdir(join(directory, "staging"))).toEqual([]);
  });

  it("knows nothing of other digests", async () => {
    await add();
    expect(await store.open(`sha256:${"0".repeat(64)}`)).toBeUndefined();
  });

  const attacks: readonly (readonly [string, (tree: string) => Promise<unknown>])[] = [
    [
      "one byte more",
      async (tree) => {
        await chmod(join(tree, "run.sh"), 0o755);
        await appendFile(join(tree, "run.sh"), "x");
        await chmod(join(tree, "run.sh"), 0o555);
      },
    ],
    ["another file", (tree) => writeFile(join(tree, "src/more.ts"), "")],
    ["a file in data", (tree) => writeFile(join(tree, "data/more.ts"), "")],
    ["a missing file", (tree) => rm(join(tree, "run.sh"))],
    ["another name", (tree) => rename(join(tree, "run.sh"), join(tree, "walk.sh"))],
    ["a changed x bit", (tree) => chmod(join(tree, "run.sh"), 0o444)],
    [
      "a link in a file's place",
      async (tree) => {
        await rename(join(tree, "run.sh"), join(home, "moved.sh"));
        await symlink(join(home, "moved.sh"), join(tree, "run.sh"));
      },
    ],
    [
      "a file with the old size and dates",
      (tree) =>
        run(
          "bash",
          [
            "-c",
            "touch -r run.sh /tmp/.$$; chmod u+w run.sh; printf '#!/bin/zz\\n' > run.sh; chmod u-w run.sh; touch -r /tmp/.$$ run.sh; rm /tmp/.$$",
          ],
          { cwd: tree },
        ),
    ],
  ];

  it.each(attacks)("refuses a tree that somebody gave %s", async (_, attack) => {
    const tree = await add();
    await attack(tree.directory);
    const changed = {
      code: "PLUGIN_INVALID",
      message: expect.stringContaining("it has changed in the store"),
    };
    await expect(store.check(tree)).rejects.toMatchObject(changed);
    await expect(store.open(tree.digest)).rejects.toMatchObject(changed);
    await expect(add()).rejects.toMatchObject(changed);
  });

  it("finds an unchanged tree unchanged, however often it is asked", async () => {
    const tree = await add(Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, "x"])));
    await Promise.all([store.check(tree), store.check(tree), store.check(tree)]);
    expect((await store.open(tree.digest))?.marks).toEqual(tree.marks);
  });

  it("sweeps away what dead hosts left half made, and nothing of living ones", async () => {
    const mine = await store.stage();
    // No process has this number: pid_max is at most 2^22.
    const dead = join(directory, "staging/.draft-4194305-1-dead");
    const reused = join(directory, `staging/.draft-${process.pid}-1-reused`);
    await mkdir(join(dead, "tree"), { recursive: true });
    await mkdir(join(reused, "tree"), { recursive: true });
    const other = await createBundleStore(directory).stage();
    await store.sweep();
    const left = await readdir(join(directory, "staging"));
    expect(left).toHaveLength(2);
    expect(left.join()).not.toMatch(/dead|reused/);
    await Promise.all([mine.discard(), other.discard()]);
  });

  it("says that its directory cannot be used, and leaves nothing", async () => {
    await writeFile(join(home, "file"), "");
    store = createBundleStore(join(home, "file"));
    await expect(store.stage()).rejects.toMatchObject({ code: "STORE_FAILED" });
  });
});

describe("toStoreError()", () => {
  it.each([
    ["ENOSPC", "STORE_FAILED", "the disk is full"],
    ["EDQUOT", "STORE_FAILED", "the disk quota is used up"],
    ["EROFS", "STORE_FAILED", "the file system is read-only"],
    ["EMFILE", "HOST_EXHAUSTED", "limit of its own"],
    ["ENFILE", "HOST_EXHAUSTED", "limit of its own"],
    ["EIO", "STORE_FAILED", "EIO"],
  ])("turns %s into %s with a hint", (system, code, state) => {
    const error = toStoreError(Object.assign(new Error(system), { code: system }), "write");
    expect(error).toMatchObject({ code, message: expect.stringContaining(state) });
  });
});
