import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writePlugin } from "./behaving-plugin.ts";
import { makeFolder, paddock, writeFiles } from "./paddock.ts";

let root: Awaited<ReturnType<typeof makeFolder>>;
let plugin: string;
let home: string;

beforeAll(async () => {
  root = await makeFolder();
  home = join(root.path, "home");
  plugin = await writePlugin(join(root.path, "plugin"));
  await writeFiles(join(root.path, "operator"), {
    "paddock.config.json": JSON.stringify({ home, limits: { memory: "200MB" } }),
  });
});
afterAll(() => root.remove());

const memoryOf = (text: string): number => JSON.parse(text).report.limits.memoryBytes / 1024 ** 2;

describe("the operator's configuration", () => {
  it("is the file in the current folder, or in the one that is given", async () => {
    const line = ["run", plugin, "go", "--report", "--json"];
    const here = await paddock(line, { cwd: join(root.path, "operator") });
    expect(memoryOf(here.stdout)).toBe(200);
    const elsewhere = await paddock([...line, "--config", join(root.path, "operator")]);
    expect(memoryOf(elsewhere.stdout)).toBe(200);
  });

  it("is overruled by options", async () => {
    const args = [
      "run",
      plugin,
      "go",
      "--preset",
      "development",
      "--home",
      join(root.path, "other"),
      "--report",
      "--json",
    ];
    const { stdout } = await paddock(args, { cwd: join(root.path, "operator") });
    expect(memoryOf(stdout)).toBe(200);
    expect(JSON.parse(stdout).report.limits.timeoutMs).toBe(3_600_000);
  });

  it("is never run from a plugin's own folder unless that is said", async () => {
    const marker = "import { writeFileSync } from 'node:fs'; writeFileSync('ran', ''); export default {};";
    const hostile = await writePlugin(join(root.path, "hostile"));
    await writeFiles(hostile, { "paddock.config.js": marker });
    for (const args of [["run", ".", "go"], ["run", plugin, "go"], ["validate", "."], ["doctor"]]) {
      const { status, stderr } = await paddock([...args, "--home", home], { cwd: hostile });
      expect({ args, status }).toEqual({ args, status: 78 });
      expect(stderr).toContain("Cannot tell whose paddock.config.js this is");
    }
    expect(await readdir(hostile)).not.toContain("ran");
  });

  it("says which file is wrong and what was meant", async () => {
    const folder = await writeFiles(join(root.path, "wrong"), {
      "paddock.config.json": '{ "presett": "production" }',
    });
    const { status, stderr } = await paddock(["doctor"], { cwd: folder });
    expect(status).toBe(78);
    expect(stderr).toMatch(/paddock\.config\.json[\s\S]*did you mean "preset"/);
  });

  it("says what to do when the home cannot be written", async () => {
    const { status, stderr } = await paddock(["run", plugin, "go", "--home", "/proc/paddock"]);
    expect(status).toBe(74);
    expect(stderr).toContain("--home DIR");
  });
});
