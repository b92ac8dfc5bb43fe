import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { writeFolder } from "../../../../test/plugins/bundle-folders/write-folder.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../test/plugins/host-behaviours/temporary-home.js";
import { createHost } from "../host.js";
import type { Host } from "../host-interface.js";

let home: TemporaryHome;
let host: Host;
beforeAll(async () => {
  home = await makeTemporaryHome();
});
afterEach(() => host.close());
afterAll(() => home.remove());

async function start(): Promise<Host> {
  host = await createHost({ home: join(home.path, "home") });
  return host;
}

let folders = 0;
function write(
  name: string,
  version: string,
  depends: Readonly<Record<string, string>> = {},
  more: object = {},
) {
  const manifest = {
    manifest: 1,
    id: `acme/${name}`,
    version,
    runtime: { kind: "node", entry: "main.js" },
    actions: { version: {} },
    depends,
    ...more,
  };
  return writeFolder(join(home.path, `plugin-${++folders}`), {
    "plugin.json": JSON.stringify(manifest),
    "main.js": `import { definePlugin } from "@paddock/sdk";
      export default definePlugin({ actions: { version: () => "${version}" } });`,
  });
}

describe("host.load()", () => {
  it("names the dependency that is missing or does not fit, its range and what was found", async () => {
    const thumbs = await write("thumbs", "1.0.0", { "acme/images": "^2.1" });
    await start();
    await expect(host.load(thumbs)).rejects.toMatchObject({
      code: "DEPENDENCY_UNMET",
      message: 'Cannot load "acme/thumbs" 1.0.0: it depends on "acme/images" ^2.1, and it is not loaded.',
      data: { plugin: "acme/thumbs", dependency: "acme/images", range: "^2.1" },
    });
    await host.load(await write("images", "2.2.0-beta.1"));
    await expect(host.load(thumbs)).rejects.toMatchObject({
      code: "DEPENDENCY_UNMET",
      message: expect.stringContaining("2.2.0-beta.1 is loaded"),
      data: { found: "2.2.0-beta.1" },
    });
    await host.load(await write("images", "2.2.0"));
    expect(await host.load(thumbs)).toMatchObject({ id: "acme/thumbs" });
  });

  it("keeps a dependency until its new version fits those that depend on it, or is forced", async () => {
    await start();
    await host.loadAll([
      await write("thumbs", "1.0.0", { "acme/images": "^2.1" }),
      await write("images", "2.1.0"),
    ]);
    const next = await write("images", "3.0.0");
    await expect(host.load(next)).rejects.toMatchObject({
      code: "DEPENDENCY_UNMET",
      message: 'Cannot load "acme/images" 3.0.0: "acme/thumbs" 1.0.0 depends on it, and needs ^2.1.',
    });
    expect(await host.call("acme/images", "version")).toBe("2.1.0");
    await host.load(next, { force: true });
    expect(await host.call("acme/images", "version")).toBe("3.0.0");
    await expect(host.start("acme/thumbs")).rejects.toMatchObject({ code: "DEPENDENCY_UNMET" });
  });

  it("refuses a new version that would close a circle", async () => {
    await start();
    await host.loadAll([await write("b", "1.0.0", { "acme/a": "^1" }), await write("a", "1.0.0")]);
    await expect(host.load(await write("a", "1.1.0", { "acme/b": "^1" }))).rejects.toMatchObject({
      code: "DEPENDENCY_UNMET",
      message: expect.stringContaining("acme/a → acme/b → acme/a"),
    });
  });

  it("refuses a plugin that is made for another Paddock", async () => {
    await start();
    const folder = await write("future", "1.0.0", {}, { engines: { paddock: "^99.0" } });
    await expect(host.load(folder)).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringContaining("it is made for Paddock ^99.0"),
      hint: expect.any(String),
    });
  });
});

describe("host.loadAll()", () => {
  it("loads dependencies first and answers in the order of the folders", async () => {
    await start();
    const infos = await host.loadAll([
      await write("c", "1.0.0", { "acme/b": "^1" }),
      await write("b", "1.0.0", { "acme/a": "^1" }),
      await write("a", "1.0.0"),
    ]);
    expect(infos.map(({ id }) => id)).toEqual(["acme/c", "acme/b", "acme/a"]);
    expect(host.plugins().map(({ id }) => id)).toEqual(["acme/a", "acme/b", "acme/c"]);
  });

  it("loads nothing when the plugins depend on one another in a circle, which it names", async () => {
    await start();
    const circle = [
      await write("a", "1.0.0", { "acme/b": "^1" }),
      await write("b", "1.0.0", { "acme/a": "^1" }),
    ];
    await expect(host.loadAll(circle)).rejects.toMatchObject({
      code: "DEPENDENCY_UNMET",
      message: expect.stringContaining("acme/a → acme/b → acme/a"),
      data: { circle: ["acme/a", "acme/b", "acme/a"] },
    });
    expect(host.plugins()).toEqual([]);
  });

  it("replaces a plugin together with what it depends on", async () => {
    await start();
    await host.loadAll([await write("b", "1.0.0", { "acme/a": "^1" }), await write("a", "1.0.0")]);
    await host.loadAll([await write("b", "2.0.0", { "acme/a": "^2" }), await write("a", "2.0.0")]);
    expect(host.plugins().map(({ version }) => version)).toEqual(["2.0.0", "2.0.0"]);
  });

  it("leaves alone what depends on another version, and says so", async () => {
    await start();
    await host.loadAll([await write("b", "1.0.0", { "acme/a": "^1" }), await write("a", "1.0.0")]);
    await expect(host.loadAll([await write("a", "2.0.0")])).rejects.toMatchObject({
      code: "DEPENDENCY_UNMET",
    });
    expect(await host.call("acme/a", "version")).toBe("1.0.0");
  });

  it("refuses what is no list", async () => {
    await start();
    // What a program without types may give.
    for (const folders of ["folder", [3], [""], null])
      await expect(host.loadAll(folders as never)).rejects.toMatchObject({ code: "USAGE_INVALID" });
  });
});

describe("host.start()", () => {
  it("starts what a plugin depends on before it, for the same tenant", async () => {
    await start();
    await host.loadAll([
      await write("c", "1.0.0", { "acme/b": "^1" }),
      await write("b", "1.0.0", { "acme/a": "^1" }),
      await write("a", "1.0.0"),
    ]);
    await host.start("acme/c", "t");
    for (const id of ["acme/a", "acme/b", "acme/c"])
      expect(await host.posture(id)).toMatchObject([{ tenant: "t" }]);
  });
});

describe("host.unload()", () => {
  it("refuses to take away what others depend on, unless forced", async () => {
    await start();
    await host.loadAll([await write("b", "1.0.0", { "acme/a": "^1" }), await write("a", "1.0.0")]);
    await expect(host.unload("acme/a")).rejects.toMatchObject({
      code: "DEPENDENCY_UNMET",
      data: { plugin: "acme/a", dependents: ["acme/b"] },
    });
    await host.unload("acme/a", { force: true });
    expect(host.plugins().map(({ id }) => id)).toEqual(["acme/b"]);
    await host.unload("acme/b");
  });
});
