import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../../../test/plugins/host-behaviours/leftovers.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../../test/plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../../../../../test/plugins/host-behaviours/write-plugin.js";
import { createHost } from "../../host.js";
import type { Host } from "../../host-interface.js";

const ADA = { id: "ada", roles: [] };
const KEEPER = "acme/keeper";
const CODE = `
  import * as fs from "node:fs";
  export default definePlugin({ actions: {
    run: (source) => new Function("fs", source)(fs),
    remember: (input, ctx) => ctx.kv.set(input.key, input.value),
    recall: (key, ctx) => ctx.kv.get(key),
    names: () => fs.readdirSync("/data"),
  } });`;

let before: Holdings;
let home: TemporaryHome;
let host: Host;
const run = (source: string, tenant = "main") => host.call(KEEPER, "run", source, { tenant });

beforeAll(async () => {
  home = await makeTemporaryHome();
  await mkdir(join(home.path, "keeper"));
  before = holdings();
});
beforeEach(async () => {
  const folder = join(home.path, "keeper");
  await writePlugin(folder, {
    id: KEEPER,
    actions: { run: {}, remember: {}, recall: {}, names: {} },
    code: CODE,
  });
  const manifest = JSON.parse(execFileSync("cat", [join(folder, "plugin.json")], { encoding: "utf8" }));
  manifest.permissions = { required: [{ use: "storage.kv", max: "64KB", reason: "Remembers." }] };
  await writeFile(join(folder, "plugin.json"), JSON.stringify(manifest));
  host = await createHost({ home: join(home.path, "home"), interpreter: { guards: false } });
  await host.load(folder);
});
afterEach(async () => {
  await host.close();
  const data = join(home.path, "home", "data");
  await mkdir(data, { recursive: true });
  execFileSync("chmod", ["-R", "u+rwX", data]);
  await rm(data, { recursive: true, force: true });
  expect(await leftSince(before)).toEqual([]);
});
afterAll(() => home.remove());

async function exported(tenant = "main"): Promise<string> {
  const archive = join(home.path, "out.tar");
  // Safe: consumers take any async iterable of bytes.
  await writeFile(archive, await buffer(host.admin.data.export(ADA, KEEPER, { tenant }) as never));
  const out = join(home.path, "out");
  await rm(out, { recursive: true, force: true });
  await mkdir(out);
  execFileSync("tar", ["-xf", archive, "-C", out]);
  return out;
}

it("shows and exports what a plugin keeps for a tenant, files and keys, while its guest runs", async () => {
  await run(`fs.mkdirSync("/data/a/b", { recursive: true }); fs.writeFileSync("/data/a/b/c.txt", "hello")`);
  await run(`fs.writeFileSync("/data/${"n".repeat(200)} ü", "long")`);
  await host.call(KEEPER, "remember", { key: "k", value: { deep: [1] } });
  const listing = await host.admin.data.show(ADA, KEEPER);
  expect(listing).toMatchObject({
    tenant: "main",
    fileCount: 4,
    fileBytes: 9,
    keyCount: 1,
    isComplete: true,
  });
  expect(listing.files).toContainEqual(
    expect.objectContaining({ path: "a/b/c.txt", kind: "file", bytes: 5 }),
  );
  const out = await exported();
  const read = (path: string) => execFileSync("cat", [join(out, path)], { encoding: "utf8" });
  expect(read("data/a/b/c.txt")).toBe("hello");
  expect(read(`data/${"n".repeat(200)} ü`)).toBe("long");
  expect(JSON.parse(read("key-values.ndjson"))).toEqual({ key: "k", value: { deep: [1] } });
});

it("follows no link that a plugin left, and takes none along", async () => {
  await writeFile(join(home.path, "secret"), "secret");
  await run(`
    fs.symlinkSync("${join(home.path, "secret")}", "/data/file-link");
    fs.symlinkSync("/", "/data/folder-link");
    fs.symlinkSync("loop", "/data/loop");
    fs.writeFileSync("/data/plain", "plain")`);
  const { files } = await host.admin.data.show(ADA, KEEPER);
  expect(Object.fromEntries(files.map(({ path, kind }) => [path, kind]))).toEqual({
    "file-link": "link",
    "folder-link": "link",
    loop: "link",
    plain: "file",
  });
  const out = await exported();
  expect(
    execFileSync("find", [out, "-mindepth", "1", "-printf", "%y %P\n"], { encoding: "utf8" })
      .trim()
      .split("\n")
      .sort(),
  ).toEqual(["d data", "f data/plain", "f key-values.ndjson"]);
});

it("looks at what a plugin made unreadable, and at names that are no text", async () => {
  await run(`
    fs.mkdirSync("/data/closed"); fs.writeFileSync("/data/closed/in", "1"); fs.chmodSync("/data/closed/in", 0);
    fs.chmodSync("/data/closed", 0);
    fs.writeFileSync(Buffer.from([47,100,97,116,97,47,255,254,10,45]), "2")`);
  expect(await host.admin.data.show(ADA, KEEPER)).toMatchObject({ fileCount: 3, fileBytes: 2 });
  const out = await exported();
  expect(execFileSync("find", [out, "-type", "f", "-size", "1c"], { encoding: "latin1" })).toContain(
    "\xff\xfe\n-",
  );
  // What a plugin closed stays closed. Where the host watches the quota, such a plugin does not start any more.
  if (process.getuid?.() === 0) expect(await run(`return fs.statSync("/data/closed").mode & 0o777`)).toBe(0);
  else
    expect(statSync(join(home.path, "home/data", KEEPER, "tenant-main/files/closed")).mode & 0o777).toBe(0);
  await host.admin.data.clear(ADA, KEEPER);
});

it("clears everything of one tenant and nothing of another, also a tree deeper than a path may be", async () => {
  await host.call(KEEPER, "remember", { key: "k", value: 1 });
  await run(`
    const name = "d".repeat(200);
    process.chdir("/data");
    for (let at = 0; at < 60; at++) { fs.mkdirSync(name); process.chdir(name); }
    fs.writeFileSync("bottom", "x"); process.chdir("/");
    fs.mkdirSync("/data/locked"); fs.writeFileSync("/data/locked/x", ""); fs.chmodSync("/data/locked", 0o500)`);
  await run(`fs.writeFileSync("/data/other", "kept")`, "other");
  await host.call(KEEPER, "remember", { key: "k", value: 2 }, { tenant: "other" });
  const { entries } = await host.admin.data.clear(ADA, KEEPER);
  expect(entries).toBeGreaterThanOrEqual(63);
  expect(await host.admin.data.show(ADA, KEEPER)).toMatchObject({ fileCount: 0, keyCount: 0 });
  expect(await host.call(KEEPER, "names")).toEqual([]);
  expect(await host.call(KEEPER, "names", null, { tenant: "other" })).toEqual(["other"]);
  expect(await host.call(KEEPER, "recall", "k", { tenant: "other" })).toBe(2);
});

it("makes no place for a tenant that was never there", async () => {
  expect(await host.admin.data.show(ADA, KEEPER, { tenant: "nobody" })).toMatchObject({ fileCount: 0 });
  expect(await host.admin.data.clear(ADA, KEEPER, { tenant: "nobody" })).toEqual({ entries: 0 });
  await expect(host.admin.data.show(ADA, KEEPER, { tenant: "../main" })).rejects.toMatchObject({
    code: "USAGE_INVALID",
  });
});

it("ends an export whose reader goes away, and leaves nothing of it", async () => {
  await run(`fs.writeFileSync("/data/big", Buffer.alloc(20 * 1024 * 1024))`);
  for await (const piece of host.admin.data.export(ADA, KEEPER)) if (piece.length > 1_024) break;
  const stop = new AbortController();
  const reading = (async () => {
    for await (const _piece of host.admin.data.export(ADA, KEEPER, { signal: stop.signal })) stop.abort();
  })();
  await expect(reading).rejects.toMatchObject({ name: "AbortError" });
});
