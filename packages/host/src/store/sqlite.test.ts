import { chmod, mkdir, mkdtemp, open, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadSqlite } from "./load-sqlite.js";
import { createSqliteStore, STORE_FILE_NAME } from "./sqlite.js";
import type { Store } from "./store.js";
import { MAX_QUEUED_WRITES_PER_OWNER } from "./write-queue.js";

const owner = { plugin: "acme/x", tenant: "main" };
const bounds = { maxBytes: 1_000_000, maxKeys: 10_000 };

let parent: string;
let directory: string;
let stores: Store[];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "paddock-store-"));
  directory = join(parent, "store");
  stores = [];
});

afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await rm(parent, { recursive: true });
});

function openStore(): Store {
  const store = createSqliteStore(directory);
  stores.push(store);
  return store;
}

/** Another program that opens the same file. */
function openDatabase(): DatabaseSync {
  return new (loadSqlite().DatabaseSync)(join(directory, STORE_FILE_NAME));
}

async function fill(): Promise<void> {
  const store = openStore();
  await store.keyValues(owner).set("k", "v", bounds);
  await store.close();
}

describe("a store", () => {
  test("makes nothing before something is written", async () => {
    const store = openStore();
    await store.open();
    expect(await store.keyValues(owner).get("k")).toBeUndefined();
    await expect(stat(directory)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("is private to its user, in a directory made by others too", async () => {
    await mkdir(directory);
    await chmod(directory, 0o755);
    await openStore().keyValues(owner).set("k", "v", bounds);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    const names = await readdir(directory);
    expect(names).toHaveLength(3);
    for (const name of names) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });

  test("reads what it has acknowledged", async () => {
    const pairs = openStore().keyValues(owner);
    for (let at = 0; at < 50; at++) {
      await pairs.set("k", String(at), bounds);
      expect(await pairs.get("k")).toBe(String(at));
    }
  });

  test("finishes what was begun before it was closed, and leaves one file", async () => {
    const store = openStore();
    const pairs = store.keyValues(owner);
    const sets = Array.from({ length: 100 }, (_, at) => pairs.set(`k${at}`, "v", bounds));
    await Promise.all([store.close(), store.close()]);
    expect(await Promise.all(sets)).toContainEqual({ kind: "stored" });
    await expect(pairs.get("k1")).rejects.toMatchObject({ code: "HOST_CLOSED" });
    await expect(pairs.set("k1", "v", bounds)).rejects.toMatchObject({ code: "HOST_CLOSED" });
    expect(await readdir(directory)).toEqual([STORE_FILE_NAME]);
    expect(await openStore().keyValues(owner).list({ prefix: "", after: "", limit: 1_000 })).toHaveLength(
      100,
    );
  });

  test("is shared by two hosts that open it at the same moment", async () => {
    const [one, two] = [openStore().keyValues(owner), openStore().keyValues(owner)];
    await Promise.all(
      Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? one : two).set(`k${at}`, "v", bounds)),
    );
    expect(await one.list({ prefix: "", after: "", limit: 1_000 })).toHaveLength(100);
    expect(await two.list({ prefix: "", after: "", limit: 1_000 })).toHaveLength(100);
  });

  test("refuses one owner's flood and serves the others", async () => {
    const store = openStore();
    const flood = Array.from({ length: 2 * MAX_QUEUED_WRITES_PER_OWNER }, (_, at) =>
      store.keyValues(owner).set(`k${at}`, "v", bounds),
    );
    const other = store.keyValues({ plugin: "acme/y", tenant: "main" }).set("k", "v", bounds);
    const refused = (await Promise.allSettled(flood)).filter(({ status }) => status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ reason: { code: "OVERLOADED" } });
    expect(await other).toEqual({ kind: "stored" });
  });

  test.each<[string, (file: string) => Promise<void>]>([
    ["another kind of file", (file) => writeFile(file, "This is no database. ".repeat(1_000))],
    ["a file cut short", (file) => truncate(file, 5_000)],
    ["a file with a page of zeros", (file) => overwrite(file, 4_096, Buffer.alloc(4_096))],
  ])("refuses %s, names it and leaves it as it is", async (_, damage) => {
    await fill();
    const file = join(directory, STORE_FILE_NAME);
    await damage(file);
    const before = await stat(file);
    const store = openStore();
    const expected = {
      code: "STORE_FAILED",
      message: expect.stringContaining(file),
      hint: expect.stringContaining("backup"),
    };
    await expect(store.open()).rejects.toMatchObject(expected);
    await expect(store.keyValues(owner).set("k", "v", bounds)).rejects.toMatchObject(expected);
    expect((await stat(file)).size).toBe(before.size);
  });

  test("refuses a file of a newer version", async () => {
    await fill();
    const database = openDatabase();
    database.exec("PRAGMA user_version = 99");
    database.close();
    await expect(openStore().open()).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("newer version of Paddock"),
    });
  });

  test("brings an empty file up to date", async () => {
    await mkdir(directory);
    await writeFile(join(directory, STORE_FILE_NAME), "");
    const store = openStore();
    await store.open();
    expect(await store.keyValues(owner).get("k")).toBeUndefined();
  });

  test("fails when another process keeps the file locked, and goes on afterwards", async () => {
    await fill();
    const other = openDatabase();
    other.exec("BEGIN IMMEDIATE");
    const pairs = openStore().keyValues(owner);
    await expect(pairs.set("k", "w", bounds)).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("locked"),
    });
    // Readers are not kept waiting by a writer.
    expect(await pairs.get("k")).toBe("v");
    other.exec("ROLLBACK");
    other.close();
    expect(await pairs.set("k", "w", bounds)).toEqual({ kind: "stored" });
  });
});

async function overwrite(file: string, at: number, bytes: Buffer): Promise<void> {
  const handle = await open(file, "r+");
  await handle.write(bytes, 0, bytes.length, at);
  await handle.close();
}
