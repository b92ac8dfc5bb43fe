import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../architecture/repository.ts";
import { runIn } from "../../packaging/run-in.ts";
import { makeFolder, paddock, paddockOnTerminal } from "./paddock.ts";

let root: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  root = await makeFolder();
});
afterAll(() => root.remove());

describe("paddock init", () => {
  it.each(["typescript", "javascript", "python", "program"])(
    "makes a %s plugin that is valid and runs at once",
    async (template) => {
      const folder = join(root.path, `my ${template}`);
      const made = await paddock(["init", folder, "--template", template, "--id", "acme/hello-you"]);
      expect(made).toMatchObject({ status: 0, stderr: "" });
      expect(made.stdout).toContain(`paddock run '${folder}' greet`);
      const files = await readdir(folder);
      expect(files).toEqual(expect.arrayContaining([".gitignore", "README.md", "plugin.yaml", "schemas"]));
      for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
        if (!entry.isFile()) continue;
        expect(await readFile(join(entry.parentPath, entry.name), "utf8")).not.toMatch(/{{\w+}}/);
      }
      expect(await paddock(["validate", folder])).toMatchObject({ status: 0 });
      const home = join(root.path, "home");
      const { stdout } = await paddock([
        "run",
        folder,
        "greet",
        '{ "name": "Ada" }',
        "--home",
        home,
        "--json",
      ]);
      expect(JSON.parse(stdout)).toMatchObject({ greeting: "Hello, Ada!" });
    },
  );

  it.each(["typescript", "javascript"])("gives a %s plugin a test that passes", async (template) => {
    const folder = join(root.path, `tested-${template}`);
    await paddock(["init", folder, "--template", template, "--id", "acme/hello"]);
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const node = join(ROOT, "node_modules/.bin/node");
    const tested = await runIn(folder, [node, "--test"]);
    expect(tested.output).toContain("pass 2");
    expect(tested.exitCode).toBe(0);
    if (template === "typescript") {
      const compiled = await runIn(folder, [node, "node_modules/typescript/bin/tsc", "--noEmit"]);
      expect(compiled).toEqual({ exitCode: 0, output: "" });
    }
  });

  it("names the plugin after its folder when nothing is said, and asks nobody without a terminal", async () => {
    const folder = join(root.path, "Fine_Things!");
    const { stdout } = await paddock(["init", folder, "--json"]);
    expect(JSON.parse(stdout)).toEqual({ folder, id: "example/fine-things", template: "typescript" });
  });

  it("asks nothing on a terminal either, when told so", async () => {
    const folder = join(root.path, "told");
    const { status, stdout } = await paddockOnTerminal(["init", folder, "--yes"]);
    expect(status).toBe(0);
    expect(stdout).toContain("example/told");
    expect(stdout).not.toContain("Which language?");
  });

  it("names its templates when asked for another", async () => {
    const { status, stderr } = await paddock(["init", join(root.path, "cobol"), "--template", "cobol"]);
    expect(status).toBe(64);
    expect(stderr).toContain("typescript, javascript, python, program");
  });

  it("refuses a folder that is not empty, and an id that is none", async () => {
    const folder = root.path;
    await writeFile(join(folder, "precious"), "");
    expect(await paddock(["init", folder])).toMatchObject({
      status: 64,
      stderr: expect.stringContaining("it is not empty"),
    });
    expect(await paddock(["init", join(folder, "new"), "--id", "Me"])).toMatchObject({ status: 64 });
    expect(await readdir(folder)).not.toContain("new");
  });

  it("says what to do when the folder cannot be written", async () => {
    const { status, stderr } = await paddock(["init", "/proc/plugin"]);
    expect(status).toBe(74);
    expect(stderr).toContain("hint:");
  });
});
