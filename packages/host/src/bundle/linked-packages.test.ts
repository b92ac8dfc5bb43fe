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

/** The folders that links lead to, for a plugin in `app/plugin` of a fresh place. */
async function linkedOf(name: string, content: FolderContent): Promise<readonly string[]> {
  const place = await writeFolder(join(home, name), {
    "app/plugin/package.json": '{"name":"plugin"}',
    ...content,
  });
  const { directories, unreachable } = await findLinkedPackages(join(place, "app/plugin"));
  return [...new Set([...directories, ...unreachable.values()])].map((directory) =>
    directory.slice(place.length + 1),
  );
}

describe("findLinkedPackages()", () => {
  it("finds nothing without node_modules", async () => {
    expect(await linkedOf("nothing", {})).toEqual([]);
  });

  it("finds the packages of a workspace, those of scopes and of other packages included", async () => {
    const found = await linkedOf("workspace", {
      "app/plugin/node_modules/one": { link: "../../../one" },
      "app/plugin/node_modules/@me/two": { link: "../../../../two" },
      "one/package.json": '{"name":"one"}',
      "one/node_modules/three": { link: "../../three" },
      "two/package.json": '{"name":"@me/two"}',
      "three/package.json": '{"name":"three"}',
    });
    expect(found).toEqual(["one", "three", "two"]);
  });

  it("gives a shared store as one folder", async () => {
    const found = await linkedOf("pnpm", {
      "app/plugin/node_modules/one": { link: "../../node_modules/.pnpm/one@1/node_modules/one" },
      "app/node_modules/.pnpm/one@1/node_modules/one/package.json": '{"name":"one"}',
      "app/node_modules/.pnpm/one@1/node_modules/two": { link: "../../../../../lib" },
      "lib/package.json": '{"name":"two"}',
    });
    expect(found).toEqual(["app/node_modules", "lib"]);
  });

  it("does not follow a shared folder's links to packages that were not linked", async () => {
    const found = await linkedOf("hoisted", {
      "app/plugin/node_modules/one": { link: "../../node_modules/one" },
      "app/node_modules/one/package.json": '{"name":"one"}',
      "app/node_modules/private": { link: "../private" },
      "app/private/package.json": '{"name":"private"}',
    });
    expect(found).toEqual(["app/node_modules"]);
  });

  it.each([
    ["to a folder that is no package", { "app/plugin/node_modules/etc": { link: "/etc" } }],
    [
      "to a package of another name",
      { "app/plugin/node_modules/a": { link: "../../../b" }, "b/package.json": '{"name":"b"}' },
    ],
    [
      "to the application around it",
      { "app/plugin/node_modules/app": { link: "../.." }, "app/package.json": '{"name":"app"}' },
    ],
    [
      "to the application around it by a detour",
      {
        "app/plugin/node_modules/app": { link: "../hop" },
        "app/plugin/hop": { link: ".." },
        "app/package.json": '{"name":"app"}',
      },
    ],
    ["to itself", { "app/plugin/node_modules/plugin": { link: ".." } }],
    ["in a circle", { "app/plugin/node_modules/loop": { link: "loop" } }],
    ["to nowhere", { "app/plugin/node_modules/gone": { link: "../gone" } }],
    ["to a file", { "app/plugin/node_modules/passwd": { link: "/etc/passwd" } }],
  ])("does not follow a link %s", async (name, content) => {
    expect(await linkedOf(name, content)).toEqual([]);
  });

  it("refuses links without end", async () => {
    const content: Record<string, string | { link: string }> = {};
    for (let index = 0; index <= LINKED_MAX_DIRECTORIES; index += 1) {
      content[`app/plugin/node_modules/p${index}`] = { link: `../../../p${index}` };
      content[`p${index}/package.json`] = `{"name":"p${index}"}`;
    }
    await expect(linkedOf("many", content)).rejects.toMatchObject({ code: "PLUGIN_INVALID" });
  });
});
