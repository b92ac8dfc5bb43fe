import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FolderContent, writeFolder } from "../../../../test/plugins/bundle-folders/write-folder.js";
import type { Isolation } from "../isolation/isolation.js";
import { createProcessIsolation } from "../isolation/process/process.js";
import { createNodeRuntime, type NodeRuntime } from "../runtimes/node.js";
import { type LoadedCode, loadPluginCode } from "./load-plugin.js";
import { type BundleStore, createBundleStore } from "./store.js";

const run = promisify(execFile);
let home = "";
let isolation: Isolation;
let node: NodeRuntime;
let store: BundleStore;
let folder = "";
let count = 0;
let launches = 0;

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "paddock-load-")));
  await chmod(home, 0o755);
  isolation = await createProcessIsolation({ home, uids: { from: 1_879_048_192, count: 65_536 } });
  node = createNodeRuntime({ cacheDirectory: join(home, "cache") });
  store = createBundleStore(join(home, "store"));
});
afterAll(async () => {
  await isolation.close();
  await rm(home, { recursive: true, force: true });
});
beforeEach(() => {
  count += 1;
  launches = 0;
  folder = join(home, `work-${count}/plugin`);
});

async function load(content: FolderContent, entry = "src/main.ts"): Promise<LoadedCode> {
  await writeFolder(folder, content);
  return loadAgain(entry);
}

function loadAgain(entry = "src/main.ts"): Promise<LoadedCode> {
  const counting: Isolation = {
    ...isolation,
    launch: (spec, signal) => {
      launches += 1;
      return isolation.launch(spec, signal);
    },
  };
  return loadPluginCode({ folder, entry, isBundled: true, store, isolation: counting, node });
}

/** What the bundled file exports, run by a plain Node far away from the folder. */
async function exportOf(code: LoadedCode): Promise<unknown> {
  const file = join(code.directory, ".paddock/main.mjs");
  const script = `import(${JSON.stringify(file)}).then((m) => console.log(JSON.stringify(m.default)))`;
  return JSON.parse((await run(process.execPath, ["-e", script], { cwd: "/" })).stdout);
}

const PACKAGE = (name: string, more: object = {}) => JSON.stringify({ name, version: "1.0.0", ...more });

describe("loadPluginCode()", () => {
  it("bundles TypeScript with imports, JSON and dynamic imports into one file", async () => {
    const code = await load({
      "src/main.ts": `import { half } from "./half.js";
        import table from "./table.json" with { type: "json" };
        import { join } from "node:path";
        const { late } = await import("./late.ts");
        enum Colour { Red = 7 }
        export default { half: half(4), table, joined: join("a", "b"), late, red: Colour.Red };`,
      "src/half.ts": "export const half = (n: number): number => n / 2;",
      "src/late.ts": "export const late: string = 'late';",
      "src/table.json": '{"a":1}',
    });
    expect(await exportOf(code)).toEqual({ half: 2, table: { a: 1 }, joined: "a/b", late: "late", red: 7 });
    expect(code.entry).toBe("/plugin/.paddock/main.mjs");
    expect(await readdir(join(code.directory, ".paddock"))).toEqual(["main.mjs", "main.mjs.map"]);
    expect(await readdir(code.directory)).toEqual([".paddock", "data", "src"]);
  });

  it("bundles packages of its node_modules, CommonJS and ESM", async () => {
    const code = await load({
      "src/main.ts":
        'import old from "old"; import { fresh } from "@scope/fresh/part"; export default { ...old, fresh };',
      "node_modules/old/package.json": PACKAGE("old"),
      "node_modules/old/index.js":
        'try { require("absent") } catch {} module.exports = { old: require("./lib").answer };',
      "node_modules/old/lib.js": "exports.answer = 42;",
      "node_modules/@scope/fresh/package.json": PACKAGE("@scope/fresh", {
        type: "module",
        exports: { "./part": { browser: "./wrong.js", import: "./part.js" } },
      }),
      "node_modules/@scope/fresh/part.js": 'export const fresh = "fresh";',
    });
    expect(await exportOf(code)).toEqual({ old: 42, fresh: "fresh" });
  });

  it("makes the same of the same files wherever they lie, and tells no path of the host", async () => {
    const content: FolderContent = {
      "src/main.ts":
        'import dep from "dep"; import { fail } from "@paddock/sdk"; export default { dep, fail };',
      "node_modules/dep/package.json": PACKAGE("dep"),
      "node_modules/dep/index.js": "module.exports = 1;",
    };
    const first = await load(content);
    folder = join(folder, "../elsewhere/deeper");
    const second = await load(content);
    expect(second.digest).toBe(first.digest);
    for (const file of await readdir(join(first.directory, ".paddock"))) {
      expect(await readFile(join(first.directory, ".paddock", file), "utf8")).not.toMatch(/work-|\/source/);
    }
  });

  it("takes the SDK from the host, whatever the plugin brings", async () => {
    const code = await load({
      "src/main.ts":
        'import { definePlugin } from "@paddock/sdk"; export default typeof definePlugin({ actions: {} });',
      "node_modules/@paddock/sdk/package.json": PACKAGE("@paddock/sdk", { main: "index.js" }),
      "node_modules/@paddock/sdk/index.js": 'export const definePlugin = () => "changed by the plugin";',
    });
    expect(await exportOf(code)).toBe("object");
  });

  it.each([
    [
      "an unknown package",
      'import x from "nope";\nexport default x;',
      'src/main.ts:1:15: cannot find "nope"',
      "npm install",
    ],
    [
      "a missing file",
      '\nexport * from "./gone.js";',
      'src/main.ts:2:15: cannot find "./gone.js"',
      "Check the path",
    ],
    [
      "a missing export",
      'import { a } from "./other.js"; export default a;',
      "src/main.ts:1:10: ",
      "Correct",
    ],
    ["a syntax error", "export const a = 1;\nexport const b: = 2;", "src/main.ts:2:17: ", "Correct"],
    [
      "a link of node_modules to a private place",
      'import x from "etc/passwd"; export default x;',
      'cannot import "etc/passwd": the link "node_modules/etc" leads out of',
      "npm link",
    ],
    [
      "a path out of the folder",
      'import x from "../../secret.json"; export default x;',
      "cannot find",
      "Check the path",
    ],
    [
      "a file of the machine",
      'import x from "/etc/passwd"; export default x;',
      "cannot find",
      "Check the path",
    ],
  ])("explains %s", async (_, source, message, hint) => {
    await writeFolder(join(folder, ".."), { "secret.json": '"secret"' });
    const error = await load({
      "src/main.ts": source,
      "src/other.js": "export const b = 1;",
      "node_modules/etc": { link: "/etc" },
    }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "BUNDLE_FAILED",
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
      data: { problems: [expect.any(Object)] },
    });
    expect(await readdir(join(home, "store/staging"))).toEqual([]);
  });

  it.each([
    ["src/gone.ts", 'its entry "src/gone.ts" does not exist', "Correct runtime.entry"],
    ["src", 'its entry "src" is a folder', 'for example "src/main.ts"'],
    ["../work.ts", "does not exist", "Correct runtime.entry"],
    ["node_modules/x/index.js", "does not exist", "not in node_modules"],
  ])("explains the entry %s", async (entry, message, hint) => {
    const loading = load({ "src/main.ts": "export default 1;", "node_modules/x/index.js": "" }, entry);
    await expect(loading).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(launches).toBe(0);
  });

  it("refuses an entry that is a link before anything runs", async () => {
    const loading = load({ "src/real.ts": "export default 1;", "src/main.ts": { link: "real.ts" } });
    await expect(loading).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      hint: expect.stringContaining("copy"),
    });
    expect(launches).toBe(0);
  });

  it("does not bundle an unchanged plugin again, and does when a package changed", async () => {
    const source: FolderContent = {
      "src/main.ts": 'import dep from "dep"; export default dep;',
      "node_modules/dep/package.json": PACKAGE("dep"),
      "node_modules/dep/index.js": "module.exports = 1;",
    };
    const first = await load(source);
    // Files younger than the bundling are not remembered; these were written before it.
    const second = await loadAgain();
    expect([second.digest, launches]).toEqual([first.digest, 1]);
    await writeFile(join(folder, "node_modules/dep/index.js"), "module.exports = 2;");
    const third = await loadAgain();
    expect([await exportOf(third), launches]).toEqual([2, 2]);
    expect(third.digest).not.toBe(first.digest);
    expect(third.sourceDigest).toBe(first.sourceDigest);
  });

  it("keeps a source map that leads back to the author's files", async () => {
    const code = await load({ "src/main.ts": "export default 1;" });
    const map = JSON.parse(await readFile(join(code.directory, ".paddock/main.mjs.map"), "utf8"));
    expect(map.sources).toEqual(["../src/main.ts"]);
  });

  it("can be cancelled", async () => {
    await writeFolder(folder, { "src/main.ts": "export default 1;" });
    const signal = AbortSignal.abort(new Error("enough"));
    const loading = loadPluginCode({
      folder,
      entry: "src/main.ts",
      isBundled: true,
      store,
      isolation,
      node,
      signal,
    });
    await expect(loading).rejects.toThrow("enough");
    expect(await readdir(join(home, "store/staging"))).toEqual([]);
  });
});
