import { chmod, chown, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FolderContent, writeFolder } from "../../../../test/plugins/bundle-folders/write-folder.js";
import { findWorkspace, PACKAGE_JSON_MAX_BYTES, PNPM_WORKSPACE_MAX_BYTES } from "./workspace.js";

const LISTED = '{"workspaces":["plugins/*"]}';
const STRANGER = 54_321;

let home = "";
beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "paddock-workspace-")));
});
afterAll(() => rm(home, { recursive: true, force: true }));

function make(name: string, content: FolderContent): Promise<string> {
  return writeFolder(join(home, name), {
    "node_modules/.keep": "",
    "plugins/one/package.json": "{}",
    ...content,
  });
}

describe("findWorkspace()", () => {
  it.each([
    ["npm's list", { "package.json": LISTED }, true],
    ["yarn's object", { "package.json": '{"workspaces":{"packages":["plugins/*"]}}' }, true],
    ["pnpm's list", { "pnpm-workspace.yaml": "packages:\n  - 'plugins/*'\n" }, true],
    ["a list without the folder", { "package.json": '{"workspaces":["apps/*"]}' }, false],
    ["no list", { "package.json": "{}", "pnpm-workspace.yaml": "catalog: {}" }, false],
    ["no JSON and no YAML", { "package.json": "{", "pnpm-workspace.yaml": "packages: [" }, false],
    [
      "strange values",
      { "package.json": '{"workspaces":[1,null,{"a":1}]}', "pnpm-workspace.yaml": "7" },
      false,
    ],
    ["values of a prototype", { "package.json": '{"__proto__":{"workspaces":["**"]}}' }, false],
    ["a list that is a link", { list: LISTED, "package.json": { link: "list" } }, false],
    ["too much JSON", { "package.json": LISTED + " ".repeat(PACKAGE_JSON_MAX_BYTES) }, false],
    [
      "too much YAML",
      { "pnpm-workspace.yaml": `packages: ['**']${"\n".repeat(PNPM_WORKSPACE_MAX_BYTES)}` },
      false,
    ],
    ["YAML without a bottom", { "pnpm-workspace.yaml": `packages: ${"[".repeat(20_000)}` }, false],
  ] satisfies readonly (readonly [string, FolderContent, boolean])[])(
    "reads %s",
    async (name, content, isFound) => {
      const root = await make(name, content);
      const workspace = await findWorkspace(join(root, "plugins/one"));
      expect(workspace?.root).toBe(isFound ? root : undefined);
      expect(workspace?.modules).toBe(isFound ? join(root, "node_modules") : undefined);
    },
  );

  it("does not ask the folder itself", async () => {
    const root = await make("self", {
      "plugins/one/package.json": '{"workspaces":["**",".","","one"]}',
      "plugins/one/pnpm-workspace.yaml": "packages: ['.', '**']",
    });
    expect(await findWorkspace(join(root, "plugins/one"))).toBeUndefined();
  });

  it("does not believe a place that everybody may write to", async () => {
    const root = await make("shared", { "package.json": LISTED });
    await chmod(root, 0o1777);
    expect(await findWorkspace(join(root, "plugins/one"))).toBeUndefined();
  });

  it("does not believe a list, or a place, of some other user", async () => {
    for (const path of ["", "package.json"]) {
      const root = await make(`stranger-${path}`, { "package.json": LISTED });
      // Only root can give a file away: elsewhere it stays the user's own, and counts.
      const isGiven = await chown(join(root, path), STRANGER, STRANGER).then(
        () => true,
        () => false,
      );
      expect(await findWorkspace(join(root, "plugins/one"))).toEqual(isGiven ? undefined : expect.anything());
    }
  });
});
