import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storedCode } from "../../../../test/plugins/stored-code.js";
import { createNodeRuntime, type NodeRuntimeOptions } from "./node.js";
import type { Program } from "./runtime.js";

const MB = 1024 ** 2;
const run = promisify(execFile);
let home = "";

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "paddock-node-"));
  await chmod(home, 0o755);
  await mkdir(join(home, "code"));
  await writeFile(join(home, "code/main.mjs"), "export const answer = 42;\n");
  await writeFile(
    join(home, "guest-entry.mjs"),
    'import { answer } from "/plugin/main.mjs"; console.log(process.version, answer, process.cwd());\n',
  );
});
afterAll(() => rm(home, { recursive: true, force: true }));

function code(directory = join(home, "code"), memoryBytes = 64 * MB) {
  return storedCode({ directory, entry: "/plugin/main.mjs", memoryBytes });
}

function createRuntime(options: Partial<NodeRuntimeOptions> = {}) {
  return createNodeRuntime({
    guestEntry: join(home, "guest-entry.mjs"),
    cacheDirectory: join(home, "cache"),
    ...options,
  });
}

describe("createNodeRuntime()", () => {
  it.each([true, false])("names everything that a root of its own needs (guards %s)", async (guards) => {
    const program = await createRuntime({ guards }).program(code());
    const { stdout, stderr } = await runInEmptyRoot(program);
    expect([stdout, stderr]).toEqual([`${process.version} 42 /plugin\n`, ""]);
    expect(program.entry).toBe("/plugin/main.mjs");
    expect(program.env).toEqual({});
  });

  it("measures an interpreter once and remembers it for the next host", async () => {
    const first = await createRuntime().program(code());
    const second = await createRuntime().program(code());
    expect(second.baseline).toEqual(first.baseline);
    expect(await readdir(join(home, "cache/baselines"))).toHaveLength(2);
    expect(first.baseline.threads).toBeGreaterThan(5);
    expect(first.baseline.dataBytes).toBeGreaterThan(40 * MB);
  });

  it("answers in under a millisecond once it is prepared", async () => {
    const runtime = createRuntime();
    await runtime.program(code());
    const started = performance.now();
    for (let round = 0; round < 100; round += 1) await runtime.program(code(home));
    expect((performance.now() - started) / 100).toBeLessThan(1);
  });

  it.each([
    [64, "--max-old-space-size=24"],
    [128, "--max-old-space-size=88"],
    [16, "--max-old-space-size=16"],
  ])("leaves room for the interpreter itself in %i MB", async (megabytes, flag) => {
    const { args } = await createRuntime().program(code(home, megabytes * MB));
    expect(args).toContain(flag);
  });

  it("copies files that other users cannot reach, once, where guests have users of their own", async () => {
    const directory = join(home, "private");
    await mkdir(directory, { mode: 0o700 });
    await copyFile(join(home, "guest-entry.mjs"), join(directory, "guest-entry.mjs"));
    const options = { guestEntry: join(directory, "guest-entry.mjs") };
    const [first, second] = [
      await createRuntime(options).program(code()),
      await createRuntime(options).program(code()),
    ];
    // Only root can give guests users of their own; anybody else's guests read what the host can read.
    const expected = process.getuid?.() === 0 ? join(home, "cache/executables") : directory;
    expect(first.inputs[0]?.source).toContain(expected);
    expect(second.inputs[0]).toEqual(first.inputs[0]);
  });

  it("names the fix when there is no such interpreter", async () => {
    const program = createRuntime({ path: "/nowhere/node" }).program(code(home));
    await expect(program).rejects.toMatchObject({
      code: "SETUP_FAILED",
      message: 'Cannot run plugins with "/nowhere/node": no such file.',
      hint: expect.stringContaining("interpreter.node"),
    });
  });

  it.each(["/bin/true", "/bin/cat", "/etc/passwd"])("refuses %s as an interpreter", async (path) => {
    const program = createRuntime({ path }).program(code(home));
    await expect(program).rejects.toMatchObject({ code: "SETUP_FAILED" });
  });
});

/** Only what the program names exists there: no loader cache, no /proc, no environment. */
function runInEmptyRoot(program: Program) {
  const binds = [...program.executables, ...program.inputs].flatMap((file) => [
    "--ro-bind",
    file.source,
    file.target,
  ]);
  const walls = [
    "--unshare-all",
    "--clearenv",
    ...binds,
    "--dev",
    "/dev",
    "--chdir",
    program.workingDirectory,
  ];
  return run("bwrap", [...walls, program.program, ...program.args], { env: { PATH: process.env.PATH } });
}
