import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFolder } from "../../../../test/plugins/bundle-folders/write-folder.js";
import { findWorkspaceModules, matchesWorkspaces } from "./workspace-modules.js";

let home = "";
beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "paddock-workspace-")));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe("matchesWorkspaces()", () => {
  it.each([
    ["plugins/one", ["plugins/*"], true],
    ["plugins/one", ["./plugins/one/"], true],
    ["plugins/one/deep", ["plugins/*"], false],
    ["plugins/one/deep", ["plugins/**"], true],
    ["plugins/shop-one", ["plugins/shop-*"], true],
    ["plugins/one", ["plugins/*", "!plugins/one"], false],
    ["plugins/one", [], false],
    ["one", ["plugins/*"], false],
  ])("%s in %j: %s", (path, patterns, expected) => {
    expect(matchesWorkspaces(path, patterns)).toBe(expected);
  });
});

describe("findWorkspaceModules()", () => {
  it.each([
    ["a list", '{"workspaces":["plugins/*"]}', true],
    ["an object", '{"workspaces":{"packages":["plugins/*"]}}', true],
    ["a list without the folder", '{"workspaces":["apps/*"]}', false],
    ["no list", "{}", false],
    ["no JSON", "{", false],
    ["strange values", '{"workspaces":[1,null,{"a":1}]}', false],
  ])("reads %s", async (name, json, isFound) => {
    const place = await writeFolder(join(home, name), {
      "package.json": json,
      "node_modules/.keep": "",
      "plugins/one/package.json": "{}",
    });
    const expected = isFound ? join(place, "node_modules") : undefined;
    expect(await findWorkspaceModules(join(place, "plugins/one"))).toBe(expected);
  });
});
