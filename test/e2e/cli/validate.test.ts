import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeBehavingPlugin, writePlugin } from "./behaving-plugin.ts";
import { makeFolder, paddock, writeFiles } from "./paddock.ts";

let root: Awaited<ReturnType<typeof makeFolder>>;
let home: string;
beforeAll(async () => {
  root = await makeFolder();
  home = join(root.path, "home");
});

const validate = (folder: string, ...args: readonly string[]) =>
  paddock(["validate", folder, "--home", home, ...args]);

afterAll(() => root.remove());

describe("paddock validate", () => {
  it("says what a plugin asks for in words, and what it will not get", async () => {
    const folder = await writeBehavingPlugin(join(root.path, "asking"));
    const human = await validate(folder);
    expect(human).toMatchObject({ status: 0, stderr: "" });
    expect(human.stdout).toContain("✓ tests/behaving 1.0.0 is valid.");
    expect(human.stdout).toContain("✓  storage.kv  remember up to 1 KB of its own data.");
    expect(human.stdout).toContain(
      "–  net.fetch   send requests to api.example.com:443 (GET) and read the answers.",
    );
    expect(human.stdout).toContain("its publisher says: “Looks things up.”");
    const { requests, ...rest } = JSON.parse((await validate(folder, "--json")).stdout);
    expect(rest).toMatchObject({ isValid: true, plugin: "tests/behaving", problems: [] });
    expect(requests.map(({ isGranted }: { isGranted: boolean }) => isGranted)).toEqual([true, false]);
  });

  it.each([
    ["MANIFEST_INVALID", { manifest: "titel: x\n" }, 'did you mean "title"'],
    ["BUNDLE_FAILED", { code: "import './gone.js';" }, 'cannot find "./gone.js"'],
    ["START_FAILED", { code: "throw new Error('at once');" }, "at once"],
    ["PLUGIN_MISMATCH", { code: "export default definePlugin({ actions: { other: () => 1 } });" }, "other"],
    ["START_FAILED", { code: "export const nothing = 1;" }, "no plugin as its default export"],
  ])("finds %s, with status 65", async (code, parts, words) => {
    const folder = await writePlugin(join(root.path, `${code}-${words.length}`), parts);
    const { status, stdout } = await validate(folder, "--json");
    expect(status).toBe(65);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code, message: expect.stringContaining(words) },
      isValid: false,
      problems: [{ code }],
    });
  });

  it("lists every problem of a manifest, and those of the configuration beside them", async () => {
    const folder = await writePlugin(join(root.path, "many"), {
      manifest: "titel: x\nwants: { memory: lots }\n",
    });
    const operator = await writeFiles(join(root.path, "operator"), {
      "paddock.config.json": '{ "presett": 1 }',
    });
    const { stdout, stderr } = await validate(folder, "--config", operator);
    expect(stdout).toContain("✗ The plugin is not valid.");
    for (const words of ["titel", "wants.memory", "presett"]) expect(stderr).toContain(words);
  });

  it("says which wishes are capped", async () => {
    const folder = await writePlugin(join(root.path, "wishing"), { manifest: "wants: { memory: 8GB }\n" });
    const { status, stdout } = await validate(folder);
    expect(status).toBe(0);
    expect(stdout).toContain("It wants memory 8 GB; preset production allows 128 MB");
  });

  it("takes the plugins that it depends on from --with", async () => {
    const folder = await writePlugin(join(root.path, "dependent"), {
      manifest: "depends: { acme/images: ^2.1 }\n",
    });
    const images = await writeFiles(join(root.path, "images"), {
      "plugin.json": JSON.stringify({
        manifest: 1,
        id: "acme/images",
        version: "2.4.0",
        runtime: { kind: "node", entry: "main.js" },
        actions: { resize: {} },
      }),
      "main.js": `import { definePlugin } from "@paddock/sdk";
        export default definePlugin({ actions: { resize: () => 1 } });`,
    });
    expect(await validate(folder, "--with", images)).toMatchObject({ status: 0 });
    const alone = await validate(folder, "--json");
    expect(alone.status).toBe(69);
    expect(JSON.parse(alone.stdout)).toMatchObject({
      error: { code: "DEPENDENCY_UNMET", data: { dependency: "acme/images", range: "^2.1" } },
    });
  });

  it("leaves no trace of the start", async () => {
    expect(await readdir(join(home, "trials"))).toEqual([]);
  });
});
