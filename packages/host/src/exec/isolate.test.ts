import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../test/plugins/host-behaviours/temporary-home.js";
import { MAX_ARGUMENTS } from "./arguments.js";
import { isolate } from "./isolate.js";
import type { IsolateResult } from "./isolate-result.js";
import type { IsolateOptions } from "./options.js";

let home: TemporaryHome;
let folder = "";
let before: Holdings;
beforeAll(async () => {
  home = await makeTemporaryHome();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "isolate-")));
  mkdirSync(join(folder, "in"), { mode: 0o700 });
  mkdirSync(join(folder, "out"), { mode: 0o700 });
  writeFileSync(join(folder, "in/note"), "granted", { mode: 0o600 });
  writeFileSync(join(folder, "other"), "not granted");
  symlinkSync(join(folder, "in"), join(folder, "link"));
  before = holdings();
});
afterAll(async () => {
  expect(await leftSince(before)).toEqual([]);
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
  await home.remove();
});

interface Ran extends IsolateResult {
  readonly out: string;
  readonly err: string;
}

async function run(argv: readonly string[], options: IsolateOptions = {}): Promise<Ran> {
  const program = await isolate(argv, { home: home.path, stdin: "", ...options });
  const [out, err, result] = await Promise.all([text(program.stdout), text(program.stderr), program.result]);
  return { out, err, ...result };
}

const sh = (script: string, options?: IsolateOptions) => run(["sh", "-c", script], options);
const python = (script: string, options?: IsolateOptions) => run(["python3", "-c", script], options);

describe("isolate()", () => {
  it("gives a program's streams and its own exit code", async () => {
    expect(await sh("cat; echo oops >&2; exit 7", { stdin: "hello" })).toMatchObject({
      out: "hello",
      err: "oops\n",
      exitCode: 7,
      code: undefined,
      signal: undefined,
    });
  });

  it("keeps output for who reads it after the end", async () => {
    const program = await isolate(["sh", "-c", "seq 10000"], { home: home.path });
    expect((await program.result).exitCode).toBe(0);
    expect((await text(program.stdout)).split("\n")).toHaveLength(10_001);
  });

  it("holds a program back whose output nobody reads", async () => {
    const program = await isolate(["sh", "-c", "yes & sleep 30"], { home: home.path, timeoutMs: 700 });
    expect((await program.result).code).toBe("TIMEOUT");
    const left = (await text(program.stdout)).length;
    expect(left).toBeGreaterThan(1_000);
    expect(left).toBeLessThan(2 * 1024 ** 2);
  });

  it("shows no files but the system's and what is granted, no processes, and no network", async () => {
    const { out } = await sh(
      `ls /; ls /proc /etc; cat ${folder}/other 2>&1; python3 -c 'import socket; socket.socket()' 2>&1 | tail -1`,
    );
    expect(out).not.toMatch(/shadow|hostname|home|root|not granted/);
    expect(out).toMatch(/PermissionError|Operation not permitted/);
  });

  it("grants what it is told, at the same path and through links, and only that way", async () => {
    const options = { read: [join(folder, "in"), join(folder, "link")], write: [join(folder, "out")] };
    const { out, err } = await sh(
      `cat ${folder}/in/note ${folder}/link/note; echo made >${folder}/out/new; echo x >${folder}/in/new`,
      options,
    );
    expect(out).toBe("grantedgranted");
    expect(err).toMatch(/Read-only file system/);
    expect(readFileSync(join(folder, "out/new"), "utf8")).toBe("made\n");
    expect(statSync(join(folder, "out/new")).uid).toBe(process.getuid?.());
    expect(readdirSync(join(folder, "in"))).toEqual(["note"]);
  });

  it("takes any name that a folder may have, nested grants, and the wider right of two", async () => {
    const odd = join(folder, 'out/a b\n,"\\#c\u00e9');
    mkdirSync(join(odd, "inner"), { recursive: true });
    const { err, exitCode } = await run(["sh", "-c", 'echo 1 >"$0/inner/x"; echo 2 >"$0/y"', odd], {
      read: [odd, join(odd, "inner")],
      write: [join(odd, "inner")],
    });
    expect({ err, exitCode }).toMatchObject({ err: expect.stringMatching(/Read-only/), exitCode: 2 });
    expect(readFileSync(join(odd, "inner/x"), "utf8")).toBe("1\n");
    rmSync(odd, { recursive: true });
  });

  it("executes nothing that was granted or written, but the named program itself", async () => {
    const script = join(folder, "in/tool");
    writeFileSync(script, '#!/bin/sh\necho "I am $0"; cp /bin/true /tmp/t; /tmp/t; "$0-2"; exit 3\n', {
      mode: 0o755,
    });
    writeFileSync(`${script}-2`, "#!/bin/sh\necho second\n", { mode: 0o755 });
    const { out, err, exitCode } = await run([script], { read: [join(folder, "in")] });
    expect({ out, exitCode }).toEqual({ out: `I am ${script}\n`, exitCode: 3 });
    expect(err.match(/Permission denied/g)).toHaveLength(2);
  });

  it("runs one binary from elsewhere with nothing beside it", async () => {
    const tool = join(folder, "my-ls");
    copyFileSync("/bin/ls", tool);
    chmodSync(tool, 0o755);
    const { out, exitCode } = await run([tool, "/"], { pids: 1 });
    expect(exitCode).toBe(0);
    expect(out.split("\n")).not.toContain("usr");
  });

  it("starts where the host is when that is granted, else in /tmp", async () => {
    expect((await sh("pwd")).out).toBe("/tmp\n");
    expect((await sh("pwd; cat note", { read: [join(folder, "in")], cwd: join(folder, "in") })).out).toBe(
      `${folder}/in\ngranted`,
    );
    await expect(sh("pwd", { cwd: folder })).rejects.toMatchObject({ code: "USAGE_INVALID" });
  });

  it("gives variables that were given, and none of the host's", async () => {
    const { out } = await run(["env"], { env: { GREETING: "a=b" } });
    const names = out
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names.sort()).toEqual(["GREETING", "HOME", "LANG", "PATH"]);
  });
});

describe("a program at its limits", () => {
  const fillThrice = `import os, time
for _ in range(3):
  if os.fork() == 0: break
x = bytearray(60 << 20)
x[::4096] = b"a" * len(x[::4096])
time.sleep(3)`;
  const fill = "x = bytearray(300 << 20)\nx[::4096] = b'a' * len(x[::4096])";
  it.each([
    ["memory", () => python(fill, { memory: "64MB" }), "MEMORY_LIMIT"],
    ["memory of all processes together", () => python(fillThrice, { memory: "100MB" }), "MEMORY_LIMIT"],
    ["memory that it only asked for", () => python("bytearray(3 << 30)", { memory: "64MB" }), "MEMORY_LIMIT"],
    ["time", () => sh("sleep 30 & sleep 30", { timeout: "300ms" }), "TIMEOUT"],
    [
      "processor time of all processes together",
      () => sh("while :; do :; done & while :; do :; done", { limits: { cpuTime: "1s" }, cpu: 2 }),
      "CPU_LIMIT",
    ],
  ] as const)("is ended and told why: %s", async (_, act, code) => {
    const result = await act();
    expect(result).toMatchObject({ code, hint: expect.any(String) });
    expect(result.exitCode).not.toBe(0);
  });

  it("keeps to its share of the processors with all processes together", async () => {
    const { usage } = await sh("for i in 1 2 3; do while :; do :; done & done; sleep 2", {
      cpu: 0.3,
      timeout: "5s",
    });
    expect((usage.cpuMs ?? 0) / usage.wallMs).toBeLessThan(0.45);
  });

  it("starts no more processes than were granted", async () => {
    const bomb =
      "import os,time\nn = 0\nwhile True:\n  try:\n    if os.fork() == 0: time.sleep(9); os._exit(0)\n    n += 1\n  except OSError: break\nprint(n)";
    expect((await python(bomb, { pids: 5 })).out).toBe("4\n");
    expect((await python(bomb, { pids: 1 })).out).toBe("0\n");
  });
});

describe("a program's end", () => {
  it("passes a signal on, and says which one ended it", async () => {
    const program = await isolate(["sleep", "30"], { home: home.path });
    program.kill();
    expect(await program.result).toMatchObject({ exitCode: 143, signal: "SIGTERM", code: undefined });
  });

  it("lets a program answer a signal", async () => {
    const program = await isolate(
      ["sh", "-c", "trap 'echo bye; exit 5' USR1; echo up; while :; do sleep 0.05; done"],
      { home: home.path },
    );
    program.stdout.once("data", () => program.kill("SIGUSR1"));
    expect(await text(program.stdout)).toMatch(/bye/);
    expect((await program.result).exitCode).toBe(5);
  });

  it("takes along everybody who outlived it", async () => {
    const program = await isolate(
      ["sh", "-c", "setsid sleep 4711 & setsid sh -c 'trap \"\" TERM; sleep 4712' & sleep 0.1; echo ok"],
      { home: home.path },
    );
    await program.result;
    expect(() => execFileSync("pgrep", ["-f", "^sleep 471"])).toThrow();
  });

  it("comes when its caller aborts, before the start as well", async () => {
    const abort = new AbortController();
    const program = await isolate(["sleep", "30"], { home: home.path, signal: abort.signal });
    abort.abort();
    expect((await program.result).code).toBe("KILLED");
    await expect(isolate(["true"], { home: home.path, signal: abort.signal })).rejects.toThrow();
  });

  it("always says so when the kernel refuses the program, however fast that is", async () => {
    // An object file: it looks like a program until the kernel is to execute it.
    const object = readFileSync("/bin/true");
    object[16] = 1;
    const broken = join(folder, "broken-elf");
    writeFileSync(broken, object, { mode: 0o755 });
    for (let attempt = 0; attempt < 10; attempt++) {
      const outcome = await run([broken], { pids: 2 }).then(
        ({ code }) => code,
        ({ code }) => code,
      );
      expect(outcome).toBe("SETUP_FAILED");
    }
  });

  it("shows what is granted of the system's own folders, which is there already", async () => {
    expect(
      (await run(["cat", "/usr/lib/os-release"], { read: ["/usr/lib/os-release", "/usr/lib"] })).exitCode,
    ).toBe(0);
  });

  it("says so when the program could not be executed", async () => {
    const broken = join(folder, "broken");
    writeFileSync(broken, "#!/bin/no-such-shell\n", { mode: 0o755 });
    await expect(run([broken])).rejects.toMatchObject({ code: "USAGE_INVALID" });
    writeFileSync(broken, Buffer.from("\x7fELF nonsense"), { mode: 0o755 });
    await expect(run([broken])).rejects.toMatchObject({ message: expect.stringContaining("broken") });
  });
});

describe("arguments", () => {
  it("arrive, however many a shell makes of a pattern", async () => {
    const names = Array.from({ length: 5_000 }, (_, at) => `file-${at}.txt`);
    const { stdout, result } = await isolate(["echo", ...names], { home: home.path });
    expect(await text(stdout)).toBe(`${names.join(" ")}\n`);
    expect(await result).toMatchObject({ exitCode: 0 });
  });
});

describe("what is refused before anything starts", () => {
  it.each<[string, readonly string[], IsolateOptions]>([
    ["no program", [], {}],
    ["an unknown program", ["no-such-program"], {}],
    ["a folder", ["/usr"], {}],
    ["a file that is not executable", ["/etc/passwd"], {}],
    ["a NUL", ["true", "a\0b"], {}],
    ["everything", ["true"], { read: ["/"] }],
    ["/proc", ["true"], { read: ["/proc/self"] }],
    ["devices", ["true"], { write: ["/dev"] }],
    ["/tmp itself", ["true"], { write: ["/tmp"] }],
    ["what the host trusts", ["true"], { write: ["/etc"] }],
    ["a path that is not there", ["true"], { read: ["/no/such/path"] }],
    ["a socket or device", ["true"], { read: ["/dev/null"] }],
    ["memory that is no size", ["true"], { memory: "lots" }],
    ["a timeout that is none", ["true"], { timeout: "soon" }],
    ["a variable without a name", ["true"], { env: { "": "x" } }],
    ["more arguments than can be handed over", ["echo", ...Array(MAX_ARGUMENTS).fill("x")], {}],
    ["an argument that is too long", ["echo", "x".repeat(140_000)], {}],
    ["arguments that are too long together", ["echo", ...Array(20).fill("x".repeat(100_000))], {}],
    ["a folder to start in that is none", ["true"], { cwd: "" }],
  ])("%s", async (_, argv, options) => {
    await expect(isolate(argv, { home: home.path, ...options })).rejects.toMatchObject({
      code: "USAGE_INVALID",
      hint: expect.any(String),
    });
  });

  it("the home folder, keys, and Paddock's own state", async () => {
    const link = join(folder, "to-state");
    symlinkSync(home.path, link);
    for (const path of [process.env.HOME ?? "/root", home.path, join(home.path, "run"), link])
      await expect(isolate(["true"], { home: home.path, read: [path] })).rejects.toMatchObject({
        code: "USAGE_INVALID",
      });
  });
});
