import { execFileSync, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { finish, makeFolder, paddock, paddockWords, startPaddock } from "./paddock.ts";

let root: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  root = await makeFolder();
  await mkdir(join(root.path, "in"));
  await writeFile(join(root.path, "in/note"), "granted");
  await mkdir(join(root.path, "out"));
});
afterAll(() => root.remove());

const exec = (args: readonly string[], input?: string) =>
  paddock(["exec", "--home", join(root.path, "home"), ...args], {
    cwd: root.path,
    ...(input === undefined ? {} : { input }),
  });

describe("paddock exec", () => {
  it("is the program: its input, its output, its exit code", async () => {
    const result = await exec(["--", "sh", "-c", "tr a-z A-Z; echo oops >&2; exit 5"], "hello");
    expect(result).toEqual({ status: 5, stdout: "HELLO", stderr: "oops\n" });
  });

  it("takes every grant, relative ones from here", async () => {
    const grants = ["--read", "in", "--read", "in/note", "--write", "out"];
    const { status, stdout } = await exec([
      ...[...grants, "--env", "NAME=value", "--cwd", "in"],
      ...["--", "sh", "-c", "cat note; echo $NAME >../out/made; pwd"],
    ]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `granted${root.path}/in\n` });
    expect(await readFile(join(root.path, "out/made"), "utf8")).toBe("value\n");
  });

  it("finds relative paths where they are outside, when something below this folder is granted", async () => {
    const grants = ["--read", "in", "--write", "out"];
    const { status, stdout, stderr } = await exec([...grants, "--", "tar", "cf", "out/in.tar", "in/note"]);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
    const inside = await exec([...grants, "--", "sh", "-c", "pwd; ls"]);
    expect(inside).toMatchObject({ status: 0, stdout: `${root.path}\nin\nout\n` });
  });

  it.each<[string, readonly string[], number, string]>([
    ["a timeout", ["--timeout", "300ms", "--", "sleep", "30"], 124, "TIMEOUT"],
    [
      "memory",
      ["--memory", "64MB", "--", "python3", "-c", "x=bytearray(300<<20);x[::4096]=b'a'*len(x[::4096])"],
      137,
      "MEMORY_LIMIT",
    ],
    ["no such program", ["--", "no-such-program"], 64, "USAGE_INVALID"],
    ["no such path", ["--read", "nowhere", "--", "true"], 64, "USAGE_INVALID"],
    ["a size that is none", ["--memory", "64", "--", "true"], 64, "USAGE_INVALID"],
    ["too many processors", ["--cpu", "1000", "--", "true"], 78, "CONFIG_INVALID"],
    ["no command", [], 64, "USAGE_INVALID"],
    ["no dashes before the program", ["true", "--write", "out"], 64, "USAGE_INVALID"],
    ["no dashes before its options", ["ls", "-l"], 64, "Write -- before it"],
    ["an option that there is not", ["--bogus", "--", "true"], 64, 'Unknown option "--bogus"'],
  ])("says why it was us who ended it: %s", async (_, args, status, code) => {
    const result = await exec(args);
    expect(result.stderr).toMatch(/^error: .*\[[A-Z_]+\]\nhint: ./s);
    expect(result.stderr).toContain(code);
    expect({ status: result.status, stdout: result.stdout }).toEqual({ status, stdout: "" });
  });

  it.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
    ["SIGUSR1", 138],
  ] as const)("passes %s on, and ends with %i when the program does", async (signal, status) => {
    const child = startPaddock(
      ["exec", "--home", join(root.path, "home"), "--", "sh", "-c", "echo up; exec sleep 30"],
      {},
    );
    const finished = finish(child);
    child.stdout?.once("data", () => child.kill(signal));
    expect((await finished).status).toBe(status);
  });

  it("lets the program decide what an interrupt means, and sends it to all it started", async () => {
    const script = "trap 'echo caught; exit 9' INT; echo up; sleep 30 | sleep 30";
    const child = startPaddock(["exec", "--home", join(root.path, "home"), "--", "bash", "-c", script], {});
    const finished = finish(child);
    child.stdout?.once("data", () => setTimeout(() => child.kill("SIGINT"), 100));
    expect(await finished).toMatchObject({ status: 9, stdout: "up\ncaught\n" });
  });

  it("ends in a pipe whose reader has had enough", async () => {
    const line = `${paddockWords(["exec", "--home", join(root.path, "home"), "--", "yes"])} | head -n 2`;
    const result = await finish(spawn("bash", ["-c", `set -o pipefail; ${line}`]));
    expect(result.stdout).toBe("y\ny\n");
    expect(result.stderr).toBe("");
  });

  it("leaves nobody when it is killed itself", async () => {
    const child = startPaddock(
      ["exec", "--home", join(root.path, "home"), "--", "sh", "-c", "echo up; sleep 4713 & sleep 4713"],
      {},
    );
    const finished = finish(child);
    child.stdout?.once("data", () => child.kill("SIGKILL"));
    await finished;
    await expect
      .poll(() => execFileSync("sh", ["-c", "pgrep -fx 'sleep 4713' || true"], { encoding: "utf8" }))
      .toBe("");
  });

  it("keeps standard output for one JSON value when asked", async () => {
    const result = await exec(["--json", "--", "sh", "-c", "echo hello; exit 3"]);
    expect(result).toMatchObject({ status: 3, stderr: "hello\n" });
    expect(JSON.parse(result.stdout)).toMatchObject({ exitCode: 3, usage: { wallMs: expect.any(Number) } });
    const failed = await exec(["--json", "--timeout", "200ms", "--", "sleep", "9"]);
    expect(JSON.parse(failed.stdout)).toMatchObject({
      error: { code: "TIMEOUT" },
      result: { exitCode: 137 },
    });
  });
});
