import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storedCode } from "../../../../test/plugins/stored-code.js";
import { createPythonRuntime, type PythonRuntimeOptions } from "./python.js";
import { findPython } from "./python-interpreter.js";
import type { Program } from "./runtime.js";

const MB = 1024 ** 2;
const run = promisify(execFile);
let home = "";

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "paddock-python-"));
  await chmod(home, 0o755);
  await mkdir(join(home, "code"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const cache = () => join(home, "cache");

function program(options: Partial<PythonRuntimeOptions> = {}, entry = "/plugin/main.py"): Promise<Program> {
  const code = { directory: join(home, "code"), entry, memoryBytes: 64 * MB };
  const runtime = { kind: "python", entry: "main.py", imports: ["json"] };
  return createPythonRuntime({ cacheDirectory: cache(), isBound: true, ...options }).program(
    storedCode(code, runtime),
  );
}

describe("createPythonRuntime()", () => {
  it("names everything that Python needs in a root of its own, and nothing of the machine's packages", async () => {
    const script = `
import sys, os, json, ssl, sqlite3, asyncio, ctypes, hashlib, zlib, lzma, bz2, decimal
sys.path.append("/paddock")
import paddock
library = os.path.dirname(os.__file__)
packages = [n for f in ("site-packages", "dist-packages") if os.path.isdir(p := os.path.join(library, f)) for n in os.listdir(p)]
print(sys.prefix, sys.flags.isolated, sys.flags.no_site, packages, paddock.__cached__ is not None)
`;
    expect(await runInEmptyRoot(await program(), script)).toEqual({
      stdout: "/runtime 1 1 [] True\n",
      stderr: "",
    });
  });

  it("tells the guest its actions and allowed imports", async () => {
    const { args, entry, env } = await program();
    expect(JSON.parse(args.at(-1) ?? "")).toEqual({ root: "/plugin", actions: ["run"], imports: ["json"] });
    expect([entry, env]).toEqual(["/plugin/main.py", {}]);
  });

  it("finds and compiles once, and remembers it for the next host", async () => {
    const first = await program();
    const sizes = async () => [
      (await readdir(join(cache(), "python"))).length,
      (await readdir(join(cache(), "baselines"))).length,
    ];
    const before = await sizes();
    const second = await program();
    expect(await sizes()).toEqual(before);
    expect(second).toEqual(first);
    expect(first.baseline.dataBytes).toBeLessThan(128 * MB);
    expect(first.baseline.threads).toBeLessThan(10);
  });

  it("has only the interpreter, its libraries and its extension modules executable", async () => {
    const { executables, inputs } = await program();
    for (const { target } of executables) {
      expect(target).toMatch(/^\/runtime\/bin\/python3$|lib-dynload$|\.so(\.[\d.]+)?$|\/ld-[^/]+$/);
    }
    expect(inputs.map(({ target }) => target)).toContain("/plugin");
  });

  it("copies the library once where guests could not reach it", async () => {
    const { path, standardLibrary: library } = await findPython(undefined, cache());
    const { inputs } = await program({ path, isBound: false });
    const target = inputs.find((input) => /\/python3\.\d+$/.test(input.target))?.source ?? "";
    const isPrivate = process.getuid?.() === 0 && library.startsWith("/root/");
    expect(target.startsWith(isPrivate ? cache() : library)).toBe(true);
  }, 60_000);

  it("refuses an entry that is no Python file", async () => {
    await expect(program({}, "/plugin/main.js")).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message: 'Cannot load "acme/tested": its entry "main.js" is not a .py file.',
    });
  });
});

describe("findPython()", () => {
  it("resolves a virtual environment and a script in front to the interpreter behind them", async () => {
    const real = await findPython(undefined, cache());
    await run(real.path, ["-m", "venv", "--without-pip", join(home, "venv")]);
    const shim = join(home, "shim");
    await writeFile(shim, `#!/bin/sh\nexec ${real.path} "$@"\n`, { mode: 0o755 });
    for (const path of [join(home, "venv/bin/python"), shim]) {
      expect(await findPython(path, cache())).toEqual(real);
    }
  });

  it("looks on PATH, passes over what does not work, and never looks in relative places", async () => {
    const real = await findPython(undefined, cache());
    await mkdir(join(home, "bad"));
    await mkdir(join(home, "good"));
    await symlink("/bin/true", join(home, "bad/python3"));
    await symlink(real.path, join(home, "good/python3"));
    const found = await findPython(undefined, cache(), `.:${join(home, "bad")}:${join(home, "good")}`);
    expect(found.path).toBe(real.path);
    await expect(findPython(undefined, cache(), ".:bin")).rejects.toMatchObject({
      code: "SETUP_FAILED",
      message: "Cannot run Python plugins: there is no python3 on this machine's PATH.",
      hint: expect.stringContaining("interpreter.python"),
    });
  });

  it.each([
    ["#!/bin/sh\nexit 3\n", /it ended with 3/],
    [fakePython("cpython", 3, 8), /it is Python 3\.8, and 3\.9 is the oldest that works/],
    [fakePython("pypy", 3, 10), /it is pypy, not CPython/],
    ["#!/bin/sh\necho hello >&3; read x <&3\n", /does not answer like Python/],
    ["#!/nowhere/python\n", /Cannot run Python plugins with .*ENOENT/],
  ])("says what is wrong with %j", async (script, message) => {
    const path = join(home, `python-${Math.random()}`);
    await writeFile(path, script, { mode: 0o755 });
    await expect(findPython(path, cache())).rejects.toMatchObject({
      code: "SETUP_FAILED",
      message: expect.stringMatching(message),
      hint: expect.stringContaining("Python 3.9"),
    });
  });

  it("names a file that does not exist", async () => {
    await expect(findPython("/nowhere/python3", cache())).rejects.toMatchObject({
      message: 'Cannot run Python plugins with "/nowhere/python3": no such file.',
    });
  });
});

/** A script that claims to be such an interpreter. */
function fakePython(implementation: string, major: number, minor: number): string {
  const report = [implementation, major, minor, "/bin/true", "/usr/lib/python", "lib"].join("\\000");
  return `#!/bin/sh\nprintf '${report}\\n' >&3\nread x <&3\n`;
}

/** Only what the program names exists there: no loader cache, no /proc, no environment. */
function runInEmptyRoot(found: Program, script: string) {
  const binds = [...found.inputs, ...found.executables].flatMap((file) => [
    "--ro-bind",
    file.source,
    file.target,
  ]);
  const walls = ["--unshare-all", "--clearenv", ...binds, "--dev", "/dev", "--chdir", "/plugin"];
  return run("bwrap", [...walls, found.program, "-I", "-S", "-B", "-c", script], {
    env: { PATH: process.env.PATH },
  });
}
