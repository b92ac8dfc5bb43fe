import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeBehavingPlugin } from "./behaving-plugin.ts";
import { makeFolder, paddock, paddockOnTerminal } from "./paddock.ts";

let root: Awaited<ReturnType<typeof makeFolder>>;
let plugin: string;
let home: readonly string[];

beforeAll(async () => {
  root = await makeFolder();
  plugin = await writeBehavingPlugin(join(root.path, "plugin"));
  home = ["--home", join(root.path, "home")];
});
afterAll(() => root.remove());

const run = (...args: readonly string[]) => paddock(["run", plugin, ...args, ...home]);

describe("paddock run", () => {
  it("prints the answer as JSON that people can read", async () => {
    expect(await run("greet", '{ "name": "Ada" }')).toEqual({
      status: 0,
      stdout: '{\n  "hello": "Ada"\n}\n',
      stderr: "",
    });
  });

  it("prints the answer itself as one JSON value with --json", async () => {
    const { status, stdout, stderr } = await run("colour", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toBe("\u001b[31mred\u001b[0m\nnext line");
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain("tests/behaving stdout \\u{1b}[31mred on stdout\n");
    expect(stderr).toContain("tests/behaving warn   \\u{1b}[31mred in the log key=\\u{1b}[31m\n");
  });

  it("gives a text to a program as it is, and to a terminal with its escapes made visible", async () => {
    expect((await run("colour")).stdout).toBe("\u001b[31mred\u001b[0m\nnext line\n");
    const { stdout } = await paddockOnTerminal(["run", plugin, "colour", ...home]);
    expect(stdout).toContain("\\u{1b}[31mred\\u{1b}[0m\r\nnext line");
    expect(stdout).not.toContain("\u001b[31mred");
  });

  it.each([
    ["nothing", [], null],
    ["a number", ["-5"], -5],
    ["a text", ['"x"'], "x"],
  ])("takes %s as the payload", async (_, payload, expected) => {
    const { stdout } = await run("echo", ...payload, "--json");
    expect(JSON.parse(stdout)).toEqual(expected);
  });

  it("reads a large payload from a file, and any from standard input", async () => {
    const file = join(root.path, "large.json");
    await writeFile(file, JSON.stringify("x".repeat(500 * 1024)));
    expect((await run("length", `@${file}`)).stdout).toBe(`${500 * 1024}\n`);
    const { stdout } = await paddock(["run", plugin, "length", "-", ...home], { input: '"four"' });
    expect(stdout).toBe("4\n");
  });

  it.each([
    ["PLUGIN_ERROR", 1, ["refuse"]],
    ["PLUGIN_BUG", 70, ["throwing"]],
    ["CRASHED", 70, ["exiting"]],
    ["TIMEOUT", 124, ["spin", "--timeout", "300ms"]],
    ["MEMORY_LIMIT", 137, ["grow"]],
    ["PROTOCOL_VIOLATION", 76, ["babble"]],
    ["ACTION_NOT_FOUND", 64, ["nothing"]],
    ["INPUT_INVALID", 65, ["greet", "{}"]],
    ["USAGE_INVALID", 64, ["greet", "{"]],
    ["USAGE_INVALID", 64, ["greet", "@/nowhere.json"]],
    ["USAGE_INVALID", 64, ["echo", "--tenant", "../other"]],
    ["USAGE_INVALID", 64, ["echo", "--timeout", "soon"]],
    ["CONFIG_INVALID", 78, ["echo", "--config", "/nowhere"]],
  ])("ends with %s and status %i for %j", async (code, status, args) => {
    const failed = await run(...args, "--json");
    expect(failed.status).toBe(status);
    expect(JSON.parse(failed.stdout).error).toMatchObject({ code, message: expect.any(String) });
    expect(failed.stderr).not.toContain("error:");
  });

  it("says what went wrong in one line, what to do in the next, and no stack", async () => {
    expect(await run("refuse")).toEqual({
      status: 1,
      stdout: "",
      stderr:
        'error: Cannot run "refuse" of "tests/behaving": Not on this day. [PLUGIN_ERROR]\nhint: Come back tomorrow.\n',
    });
  });

  it("refuses a payload over the limit before it is sent", async () => {
    const file = join(root.path, "huge.json");
    await writeFile(file, JSON.stringify("x".repeat(5 * 1024 ** 2)));
    expect(await run("length", `@${file}`)).toMatchObject({
      status: 65,
      stderr: expect.stringContaining("[PAYLOAD_TOO_LARGE]"),
    });
  });

  it("reports walls and usage with --report, beside the answer or in it", async () => {
    const human = await run("greet", '{ "name": "Ada" }', "--report");
    expect(human.stdout).toBe('{\n  "hello": "Ada"\n}\n');
    expect(human.stderr).toMatch(/Walls around tests\/behaving 1\.0\.0[\s\S]*✓ {2}seccomp[\s\S]*memory +\d/);
    const { result, report } = JSON.parse(
      (await run("greet", '{ "name": "Ada" }', "--report", "--json")).stdout,
    );
    expect(result).toEqual({ hello: "Ada" });
    expect(report.walls.map(({ name }: { name: string }) => name)).toContain("seccomp");
    expect(report.usage.memoryPeakBytes).toBeGreaterThan(1_000_000);
    expect(report.limits.memoryBytes).toBe(128 * 1024 ** 2);
  });

  it("reports about a call that failed, too", async () => {
    const { status, stdout } = await run("throwing", "--report", "--json");
    expect(status).toBe(70);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "PLUGIN_BUG" },
      report: { plugin: "tests/behaving", walls: expect.arrayContaining([expect.anything()]) },
    });
  });

  it("names the walls under high-security, where each call has a guest of its own", async () => {
    const machine = JSON.parse((await paddock(["doctor", "--preset", "high-security", "--json"])).stdout);
    const { stdout } = await run("echo", "1", "--preset", "high-security", "--report", "--json");
    if (machine.error !== undefined) {
      expect(JSON.parse(stdout).error.code).toBe("SETUP_FAILED");
      return;
    }
    expect(JSON.parse(stdout)).toMatchObject({ result: 1, report: { walls: expect.arrayContaining([]) } });
  });

  it("leaves nothing in its home that a guest had open", async () => {
    expect(await readdir(join(root.path, "home", "run")).catch(() => [])).toEqual([]);
  });
});
