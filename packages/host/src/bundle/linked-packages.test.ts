import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FolderContent, writeFolder } from "../../../../test/plugins/bundle-folders/write-folder.js";
import { findLinkedPackages, LINKED_MAX_DIRECTORIES } from "./linked-packages.js";

let home = "";
beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "paddock-linked-")));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const WORKSPACE = { "package.json": '{"workspaces":["app/plugin","packages/*"]}' };

/** What links lead to, for a plugin in `app/plugin` of a fresh place. */
async function linkedOf(name: string, content: FolderContent) {
  const place = await writeFolder(join(home, name), {
    "app/plugin/package.json": '{"name":"plugin"}',
    ...content,
  });
  const { directories, unreachable, refused } = await findLinkedPackages(join(place, "app/plugin"));
  const found = [...new Set([...directories, ...unreachable.values()])];
  return { found: found.map((directory) => directory.slice(place.length + 1)), refused: [...refused] };
}

describe("findLinkedPackages()", () => {
  it("finds nothing without node_modules", async () => {
    expect(await linkedOf("nothing", {})).toEqual({ found: [], refused: [] });
  });

  it.each([
    ["npm", WORKSPACE],
    ["pnpm", { "pnpm-workspace.yaml": "packages:\n  - app/*\n  - 'packages/**'\n" }],
  ])(
    "finds the members of a workspace of %s, those that only other members need included",
    async (name, root) => {
      const { found } = await linkedOf(`workspace-${name}`, {
        ...root,
        "app/plugin/node_modules/one": { link: "../../../packages/one" },
        "app/plugin/node_modules/@me/two": { link: "../../../../packages/two" },
        "app/plugin/node_modules/alias": { link: "../../../packages/two" },
        "packages/one/package.json": '{"name":"one"}',
        "packages/one/node_modules/three": { link: "../../three" },
        "packages/two/package.json": '{"name":"@me/two"}',
        "packages/three/package.json": '{"name":"three"}',
      });
      expect(found).toEqual(["packages/one", "packages/three", "packages/two"]);
    },
  );

  it("gives a shared store as one folder", async () => {
    const { found } = await linkedOf("pnpm", {
      ...WORKSPACE,
      "app/plugin/node_modules/one": { link: "../../../node_modules/.pnpm/one@1/node_modules/one" },
      "node_modules/.pnpm/one@1/node_modules/one/package.json": '{"name":"one"}',
      "node_modules/.pnpm/one@1/node_modules/two": { link: "../../../../packages/two" },
      "packages/two/package.json": '{"name":"two"}',
    });
    expect(found).toEqual(["node_modules", "packages/two"]);
  });

  it("finds what a member has installed for itself", async () => {
    const { found } = await linkedOf("own-store", {
      ...WORKSPACE,
      "app/plugin/node_modules/deep": {
        link: "../../../packages/one/node_modules/.pnpm/deep@1/node_modules/deep",
      },
      "packages/one/package.json": '{"name":"one"}',
      "packages/one/node_modules/.pnpm/deep@1/node_modules/deep/package.json": '{"name":"deep"}',
    });
    expect(found).toEqual(["packages/one/node_modules"]);
  });

  it("follows links to places inside of the plugin's folder without any workspace", async () => {
    const { found } = await linkedOf("inside", {
      "app/plugin/node_modules/lib": { link: "../vendor/lib" },
      "app/plugin/vendor/lib/package.json": '{"name":"lib"}',
    });
    expect(found).toEqual(["app/plugin/vendor/lib"]);
  });

  it("finds nothing new in pnpm's store in the plugin's own node_modules", async () => {
    const linked = await linkedOf("pnpm-inside", {
      "app/plugin/node_modules/one": { link: ".pnpm/one@1/node_modules/one" },
      "app/plugin/node_modules/.pnpm/one@1/node_modules/one/package.json": '{"name":"one"}',
    });
    expect(linked).toEqual({ found: [], refused: [] });
  });

  it("does not mind a workspace's link to the plugin itself", async () => {
    const linked = await linkedOf("itself", {
      ...WORKSPACE,
      "node_modules/plugin": { link: "../app/plugin" },
    });
    expect(linked).toEqual({ found: ["node_modules"], refused: [] });
  });

  it.each([
    ["to a folder that is no package", { "app/plugin/node_modules/victim": { link: "/etc" } }],
    ["to a file", { "app/plugin/node_modules/victim": { link: "/etc/passwd" } }],
    [
      "to an application that calls itself by the link's name",
      { "app/plugin/node_modules/victim": { link: "../../../victim" } },
    ],
    [
      "to another folder's node_modules",
      { "app/plugin/node_modules/victim": { link: "../../../victim/node_modules/inner" } },
    ],
    ["to the application around it", { "app/plugin/node_modules/victim": { link: "../.." } }],
    [
      "to the application around it by a detour",
      { "app/plugin/node_modules/victim": { link: "../hop" }, "app/plugin/hop": { link: ".." } },
    ],
    [
      "to a place that only the plugin's own package.json lists",
      {
        "app/plugin/package.json": '{"name":"plugin","workspaces":["**","../**","../../victim","/**"]}',
        "app/plugin/pnpm-workspace.yaml": "packages: ['**', '../../victim']",
        "app/plugin/node_modules/victim": { link: "../../../victim" },
      },
    ],
    [
      "out of a workspace",
      {
        "app/package.json": '{"workspaces":["**","../**"]}',
        "app/plugin/node_modules/victim": { link: "../../../victim" },
      },
    ],
    [
      "to what a workspace does not list",
      { ...WORKSPACE, "app/plugin/node_modules/victim": { link: "../../../victim" } },
    ],
    [
      "to a member that is no package",
      {
        "package.json": '{"workspaces":["app/plugin","private/*"]}',
        "private/keys/secret.json": "{}",
        "app/plugin/node_modules/victim": { link: "../../../private/keys" },
      },
    ],
    [
      "to the member around it",
      {
        "package.json": '{"workspaces":["app","app/plugin"]}',
        "app/package.json": '{"name":"victim"}',
        "app/plugin/node_modules/victim": { link: "../.." },
      },
    ],
    [
      "to the workspace's root",
      { "package.json": '{"workspaces":["**"]}', "app/plugin/node_modules/victim": { link: "../../.." } },
    ],
    [
      "through a node_modules of the root that is itself a link",
      {
        ...WORKSPACE,
        node_modules: { link: "victim" },
        "app/plugin/node_modules/victim": { link: "../../../node_modules/inner" },
        "victim/inner/package.json": "{}",
      },
    ],
  ] satisfies readonly (readonly [string, FolderContent])[])("refuses a link %s", async (name, content) => {
    const linked = await linkedOf(name, {
      "victim/package.json": '{"name":"victim"}',
      "victim/node_modules/inner/package.json": '{"name":"victim"}',
      ...content,
    });
    expect(linked).toEqual({ found: [], refused: [["victim", "node_modules/victim"]] });
  });

  it("names a refused link of a member by its place", async () => {
    const { refused } = await linkedOf("member-link", {
      ...WORKSPACE,
      "app/plugin/node_modules/one": { link: "../../../packages/one" },
      "packages/one/package.json": '{"name":"one"}',
      "packages/one/node_modules/victim": { link: "../../../victim" },
      "victim/package.json": '{"name":"victim"}',
    });
    expect(refused).toEqual([["victim", "../../packages/one/node_modules/victim"]]);
  });

  it.each([
    ["to itself", { "app/plugin/node_modules/plugin": { link: ".." } }],
    ["in a circle", { "app/plugin/node_modules/loop": { link: "loop" } }],
    ["to nowhere", { "app/plugin/node_modules/gone": { link: "../gone" } }],
  ])("passes over a link %s", async (name, content) => {
    expect(await linkedOf(name, content)).toEqual({ found: [], refused: [] });
  });

  it.each([
    ["an application's", "../../victim/node_modules"],
    ["the machine's", "/etc"],
    ["the folder itself", "."],
  ])("refuses a plugin whose node_modules is a link to %s", async (name, link) => {
    const content = { "app/plugin/node_modules": { link }, "victim/node_modules/inner/package.json": "{}" };
    await expect(linkedOf(`modules ${name}`, content)).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringContaining("is a link to a place outside of it"),
    });
  });

  it("accepts a plugin whose node_modules is a link to its workspace's", async () => {
    const linked = await linkedOf("modules of the workspace", {
      ...WORKSPACE,
      "app/plugin/node_modules": { link: "../../node_modules" },
      "node_modules/one/package.json": '{"name":"one"}',
    });
    expect(linked).toEqual({ found: ["node_modules"], refused: [] });
  });

  it("refuses links without end", async () => {
    const content: Record<string, string | { link: string }> = { ...WORKSPACE };
    for (let index = 0; index <= LINKED_MAX_DIRECTORIES; index += 1) {
      content[`app/plugin/node_modules/p${index}`] = { link: `../../../packages/p${index}` };
      content[`packages/p${index}/package.json`] = `{"name":"p${index}"}`;
    }
    await expect(linkedOf("many", content)).rejects.toMatchObject({ code: "PLUGIN_INVALID" });
  });
});
