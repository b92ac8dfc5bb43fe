import { execFile } from "node:child_process";
import { chmod, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FolderContent, writeFolder } from "../../../../test/plugins/bundle-folders/write-folder.js";
import type { Isolation } from "../isolation/isolation.js";
import { createProcessIsolation } from "../isolation/process/process.js";
import { createNodeRuntime } from "../runtimes/node.js";
import { type LoadedCode, loadPluginCode } from "./load-plugin.js";
import { createBundleStore } from "./store.js";

const run = promisify(execFile);
let home = "";
let isolation: Isolation;
let folder = "";
let count = 0;

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "paddock-load-linked-")));
  await chmod(home, 0o755);
  isolation = await createProcessIsolation({ home, uids: { from: 1_879_048_192, count: 65_536 } });
});
afterAll(async () => {
  await isolation.close();
  await rm(home, { recursive: true, force: true });
});
beforeEach(() => {
  count += 1;
  folder = join(home, `work-${count}/plugin`);
});

async function load(content: FolderContent): Promise<LoadedCode> {
  await writeFolder(folder, content);
  return loadAgain();
}

function loadAgain(): Promise<LoadedCode> {
  const node = createNodeRuntime({ cacheDirectory: join(home, "cache") });
  const store = createBundleStore(join(home, "store"));
  return loadPluginCode({ folder, entry: "src/main.ts", isBundled: true, store, isolation, node });
}

/** What the bundled file exports, run by a plain Node far away from the folder. */
async function exportOf(code: LoadedCode): Promise<unknown> {
  const file = join(code.directory, ".paddock/main.mjs");
  const script = `import(${JSON.stringify(file)}).then((m) => console.log(JSON.stringify(m.default)))`;
  return JSON.parse((await run(process.execPath, ["-e", script], { cwd: "/" })).stdout);
}

const PACKAGE = (name: string, more: object = {}) => JSON.stringify({ name, version: "1.0.0", ...more });

const WORKSPACE = '{"workspaces":["plugin","packages/*"]}';

describe("loadPluginCode() of a folder whose packages are links", () => {
  it("follows a workspace's links out of the folder", async () => {
    await writeFolder(join(folder, ".."), {
      "package.json": WORKSPACE,
      "packages/lib/package.json": PACKAGE("lib", { type: "module", main: "index.ts" }),
      "packages/lib/index.ts": 'import { deep } from "deep"; export const lib: string = "lib " + deep;',
      "packages/lib/node_modules/deep/package.json": PACKAGE("deep", { type: "module", main: "index.js" }),
      "packages/lib/node_modules/deep/index.js": 'export const deep = "deep";',
    });
    const code = await load({
      "src/main.ts": 'export { lib as default } from "lib";',
      "node_modules/lib": { link: "../../packages/lib" },
    });
    expect(await exportOf(code)).toBe("lib deep");
  });

  it("finds what npm hoisted, when the workspace lists the folder", async () => {
    const content: FolderContent = { "src/main.ts": 'export { default } from "hoisted";' };
    await writeFolder(join(folder, ".."), {
      "node_modules/hoisted/package.json": PACKAGE("hoisted"),
      "node_modules/hoisted/index.js": "module.exports = 1;",
    });
    await expect(load(content)).rejects.toMatchObject({ code: "BUNDLE_FAILED" });
    await writeFolder(join(folder, ".."), { "package.json": '{"workspaces":["*"]}' });
    expect(await exportOf(await loadAgain())).toBe(1);
  });

  it.each([
    ["inside the folder", "node_modules/.pnpm", ".pnpm"],
    ["outside of the folder", "../node_modules/.pnpm", "../../node_modules/.pnpm"],
  ])("follows pnpm's links %s", async (_, place, link) => {
    await writeFolder(join(folder, ".."), { "pnpm-workspace.yaml": "packages: [plugin]" });
    const code = await load({
      "src/main.ts": 'export { one as default } from "one";',
      [`${place}/one@1/node_modules/one/package.json`]: PACKAGE("one", { type: "module", main: "index.js" }),
      [`${place}/one@1/node_modules/one/index.js`]:
        'import { two } from "two"; export const one = "one " + two;',
      [`${place}/one@1/node_modules/two`]: { link: "../../two@1/node_modules/two" },
      [`${place}/two@1/node_modules/two/package.json`]: PACKAGE("two", { type: "module", main: "index.js" }),
      [`${place}/two@1/node_modules/two/index.js`]: 'export const two = "two";',
      "node_modules/one": { link: `${link}/one@1/node_modules/one` },
    });
    expect(await exportOf(code)).toBe("one two");
  });

  it.each([
    ["from the root", (place: string) => join(place, "packages/lib")],
    ["through another link", () => "../../global/lib"],
  ])("follows links %s, of a workspace only", async (_, link) => {
    const place = await writeFolder(join(folder, ".."), {
      "packages/lib/package.json": PACKAGE("lib", { type: "module", exports: { "./part": "./part.js" } }),
      "packages/lib/part.js": 'export const part = "part";',
      "global/lib": { link: "../packages/lib" },
    });
    const content: FolderContent = {
      "src/main.ts": 'export { part as default } from "lib/part";',
      "node_modules/lib": { link: link(place) },
    };
    await expect(load(content)).rejects.toMatchObject({
      code: "BUNDLE_FAILED",
      message: expect.stringContaining(
        'src/main.ts:1:33: cannot import "lib/part": the link "node_modules/lib"',
      ),
      hint: expect.stringContaining('Install "lib" into the plugin\'s folder'),
    });
    await writeFolder(place, { "package.json": WORKSPACE });
    const code = await loadAgain();
    expect(await exportOf(code)).toBe("part");
    expect(code.linked).toEqual([await realpath(join(place, "packages/lib"))]);
  });

  it.each([
    ["lib/.env", "SECRET = 1"],
    ["lib/key.txt", "secret"],
    ["lib/key.pem", "secret"],
    ["lib/id", "export default 1"],
    ["lib/link.js", { link: ".env" }],
  ])("takes nothing but modules from outside of the folder: not %s", async (specifier, content) => {
    await writeFolder(join(folder, ".."), {
      "package.json": WORKSPACE,
      "packages/lib/package.json": PACKAGE("lib"),
      "packages/lib/.env": "export default 1",
      ...(specifier === "lib/.env" ? {} : { [`packages/${specifier}`]: content }),
    });
    for (const attribute of ["", ' with { type: "text" }', ' with { type: "json" }']) {
      await rm(folder, { recursive: true, force: true });
      const loading = load({
        "src/main.ts": `import * as stolen from "${specifier}"${attribute}; export default stolen;`,
        "node_modules/lib": { link: "../../packages/lib" },
      });
      await expect(loading).rejects.toMatchObject({
        code: "BUNDLE_FAILED",
        message: expect.stringContaining("only modules"),
      });
    }
  });

  it("loads a folder that is named through a link", async () => {
    await writeFolder(join(folder, ".."), {
      "package.json": WORKSPACE,
      "packages/lib/package.json": PACKAGE("lib"),
      "packages/lib/index.js": "module.exports = 1;",
      "away/name": { link: "../plugin" },
    });
    const content: FolderContent = {
      "src/main.ts": 'export { default } from "lib";',
      "node_modules/lib": { link: "../../packages/lib" },
    };
    await writeFolder(folder, content);
    folder = join(folder, "../away/name");
    expect(await exportOf(await loadAgain())).toBe(1);
  });
});
