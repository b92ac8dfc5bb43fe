import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, openArena } from "./arena.js";
import {
  code,
  link,
  MANIFEST,
  manifest,
  openSpoiledFolders,
  pipe,
  type SpoiledFolders,
} from "./spoiled-folders.js";

let arena: Arena;
let folders: SpoiledFolders;
beforeAll(async () => {
  arena = await openArena({ limits: { startTimeout: "5s" } });
  folders = openSpoiledFolders(arena);
});
afterAll(async () => {
  await arena?.close();
  folders?.remove();
});

const secret = () => join(arena.outside, "secret.txt");

describe("A plugin's folder that is hostile", () => {
  test.each<readonly [what: string, spoil: (path: string) => void]>([
    ["a manifest that is a link to a secret", link("plugin.yaml", secret)],
    ["an entry that is a link to a secret", link("main.js", secret)],
    ["a file that is a link to a secret", link("more.js", secret)],
    ["a folder that is a link to the host's root", link("everything", () => "/")],
    ["a link that leads nowhere", link("main.js", () => "nowhere")],
    ["a link to itself", link("main.js", () => "main.js")],
    ["an entry above the folder", manifest("main.js", '"../../../../etc/passwd"')],
    ["an entry that is absolute", manifest("main.js", "/etc/passwd")],
    ["an entry with NUL", manifest("main.js", '"main.js\\0"')],
    ["an entry that looks like an option", manifest("main.js", '"--inspect"')],
    ["an entry that is a URL", manifest("main.js", '"data:text/javascript,1"')],
    ["a pipe as entry", pipe("main.js")],
    ["a pipe as manifest", pipe("plugin.yaml")],
    ["a pipe beside the entry", pipe("pipe")],
    ["a manifest of a terabyte", (path) => truncateSync(join(path, "plugin.yaml"), 2 ** 40)],
    ["an entry of a terabyte", (path) => truncateSync(join(path, "main.js"), 2 ** 40)],
    [
      "a manifest of aliases",
      (path) =>
        writeFileSync(
          join(path, "plugin.yaml"),
          `a: &a [x]\n${Array.from({ length: 30 }, (_, at) => `b${at}: &b${at} [*${at === 0 ? "a" : `b${at - 1}`}, *${at === 0 ? "a" : `b${at - 1}`}]`).join("\n")}\n${MANIFEST}`,
        ),
    ],
    ["a folder called .paddock", (path) => void mkdirSync(join(path, ".paddock"))],
    ["two manifests", (path) => writeFileSync(join(path, "plugin.json"), "{}")],
    ["no manifest", (path) => rmSync(join(path, "plugin.yaml"))],
    ["a mode that it may not choose", manifest("kind: node", "kind: program")],
    ["an id that is a path", manifest("attacker/folder", "../../etc")],
    ["a title that clears the screen", manifest("title: Folder", 'title: "\\e[2J\\x9b1m"')],
    ["a title that reads backwards", manifest("title: Folder", 'title: "safe \\u202egnihton"')],
    ["an action called __proto__", manifest("  attack:", "  __proto__:")],
    ["an action called constructor with more", manifest("  attack:", "  'constructor[0]':")],
    ["a tag that runs code", manifest("title: Folder", "title: !!js/function 'function(){}'")],
    ["a publisher that is somebody else", manifest("attacker/folder", "Attacker/folder")],
    [
      "a key that grants itself",
      (path) => writeFileSync(join(path, "plugin.yaml"), `${MANIFEST}granted: [fs.read]\n`),
    ],
  ])("is refused with a reason: %s", async (_, spoil) => {
    const outcome = await folders.load(folders.make(spoil));
    expect(["PLUGIN_INVALID", "MANIFEST_INVALID", "BUNDLE_FAILED"]).toContain(outcome);
  });

  test("whatever it ships where its own data will be, the data is its own", async () => {
    for (const spoil of [
      (path: string) => writeFileSync(join(path, "data"), "a file"),
      (path: string) => {
        mkdirSync(join(path, "data"));
        writeFileSync(join(path, "data/shipped"), "shipped");
      },
      link("data", () => arena.outside),
    ]) {
      const outcome = await folders.load(folders.make(spoil));
      if (outcome === "loaded") expect(await arena.host.call("attacker/folder", "attack")).toBe("started");
      else expect(["PLUGIN_INVALID", "BUNDLE_FAILED"]).toContain(outcome);
      await arena.assertUnharmed();
    }
  });

  test("a socket beside the entry is refused or left out", async () => {
    const path = folders.make(() => undefined);
    const server = createServer().listen(join(path, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    expect(["loaded", "PLUGIN_INVALID"]).toContain(await folders.load(path));
    await new Promise((resolve) => server.close(resolve));
  });

  test("code that is changed in the store does not start", async () => {
    // A version that replaces another one is started at once, before anybody could change its code.
    if (arena.host.plugins().some(({ id }) => id === "attacker/folder"))
      await arena.host.unload("attacker/folder");
    const path = folders.make(() => undefined);
    expect(await folders.load(path)).toBe("loaded");
    const [{ digest } = { digest: "" }] = arena.host.plugins().filter(({ id }) => id === "attacker/folder");
    const stored = execFileSync("find", [join(arena.home, "bundles"), "-name", "main.mjs"], {
      encoding: "utf8",
    })
      .trim()
      .split("\n");
    const changed = stored.filter((file) => file.includes(digest.slice(7, 20)));
    expect(changed.length).toBeGreaterThan(0);
    for (const file of changed) {
      execFileSync("chmod", ["u+w", file]);
      writeFileSync(file, code('"changed"'));
    }
    await expect(arena.host.call("attacker/folder", "attack")).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
    });
  });
});
