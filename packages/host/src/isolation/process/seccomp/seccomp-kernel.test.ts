import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assembleSeccomp } from "./assemble.js";
import { type GuestProfileOptions, guestProfile } from "./profile.js";
import { type SeccompArch, SYSCALLS, type SyscallName } from "./syscalls.js";

// The programs stand around real processes here: bubblewrap installs them, and the running kernel decides.
// Perl, which Debian's base system contains, makes raw system calls without a library in between.

const SIGSYS_EXIT = 128 + 31;
const THREADS: GuestProfileOptions = { processes: false, threads: true };
const PAIRS: GuestProfileOptions = { ...THREADS, socketPairs: true };

// Safe: the walls exist on these two processors only, and the wall tests run on no other.
const arch = process.arch as SeccompArch;
let directory = "";

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "seccomp-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("a raw call under the guest's profile", () => {
  const EPERM = 1;
  const EINVAL = 22;
  const ENOTTY = 25;
  const ENOSYS = 38;
  const garbage = "0xdeadbeef00000000";

  /** Call, arguments as Perl, the error expected (0: none). */
  const calls: readonly (readonly [SyscallName, string, number])[] = [
    ["getpid", "", 0],
    ["fchmodat", `-100, $f, 0755`, 0],
    ["fchmodat", `-100, $f, 04755`, EPERM],
    ["fchmodat", `-100, $f, 02755 | ${garbage}`, EPERM],
    ["openat", `-100, $new, 0101, 0644`, 0],
    ["openat", `-100, $new, 0101, 04755`, EPERM],
    ["openat", `-100, $new, 0101 | ${garbage}, 04755 | ${garbage}`, EPERM],
    ["openat", `-100, $f, 0, 04755`, 0],
    ["openat2", `-100, $f, 0, 0`, ENOSYS],
    ["mkdirat", `-100, $new, 02755`, EPERM],
    ["mknodat", `-100, $new, 010644, 0`, EPERM],
    ["clone", `17, 0, 0, 0, 0`, EPERM],
    ["clone", `0x10000000 | 17, 0, 0, 0, 0`, EPERM],
    ["clone3", `0, 0`, ENOSYS],
    ["socket", `1, 1, 0`, EPERM],
    ["socket", `2, 1, 0`, EPERM],
    ["socket", `16, 3, 0`, EPERM],
    ["socketpair", `1, 1, 0, $buffer`, EPERM],
    ["mmap", `0, 4096, 3, 0x22, -1, 0`, 0],
    ["mmap", `0, 4096, 3, 0x21, -1, 0`, EPERM],
    ["mmap", `0, 4096, 3, 0x23 | ${garbage}, -1, 0`, EPERM],
    ["mmap", `0, 4096, 3, 0x122, -1, 0`, EPERM],
    ["memfd_create", `$f, 0`, EPERM],
    ["io_uring_setup", `8, $buffer`, ENOSYS],
    ["personality", `0x40000`, EPERM],
    ["personality", `0xffffffff`, 0],
    ["ioctl", `1, 0x5412, $buffer`, ENOTTY],
    ["ioctl", `1, 0x5412 | ${garbage}, $buffer`, ENOTTY],
    ["fcntl", `1, 1024, 0`, EPERM],
    ["pipe2", `$buffer, 0`, 0],
    ["pipe2", `$buffer, 0200`, EINVAL],
    ["prlimit64", `0, 7, 0, $buffer`, 0],
    ["prlimit64", `0, 7, $buffer, 0`, EPERM],
    ["prctl", `38, 1, 0, 0, 0`, 0],
    ["prctl", `22, 1, 0, 0, 0`, EPERM],
    ["seccomp", `1, 8, $buffer`, EPERM],
    ["unshare", `0x10000000`, EPERM],
    ["perf_event_open", `$buffer, 0, -1, -1, 0`, EPERM],
    ["cachestat", `0, 0, 0, 0`, ENOSYS],
    ["statmount", `0, 0, 0, 0`, ENOSYS],
  ];

  test.each(calls)("%s(%s) ends with error %d", (name, args, error) => {
    expect(callFromPerl(SYSCALLS[arch][name] ?? Number.NaN, args)).toMatchObject({
      status: 0,
      stdout: `${error}`,
    });
  });

  test.each<SyscallName>([
    "ptrace",
    "process_vm_readv",
    "mount",
    "setns",
    "bpf",
    "keyctl",
    "userfaultfd",
    "kexec_load",
  ])("%s ends the process", (name) => {
    expect(callFromPerl(SYSCALLS[arch][name] ?? Number.NaN, "0, 0, 0, 0, 0").status).toBe(SIGSYS_EXIT);
  });

  test("a number of x32 ends the process on x86-64 and does not exist on arm64", () => {
    const expected = arch === "x64" ? { status: SIGSYS_EXIT } : { status: 0, stdout: `${ENOSYS}` };
    expect(callFromPerl(0x4000_0000 + 39, "")).toMatchObject(expected);
  });

  test("a number of the future does not exist", () => {
    expect(callFromPerl(999, "")).toMatchObject({ status: 0, stdout: `${ENOSYS}` });
  });

  test("fork fails and leaves the process alive", () => {
    const script = 'my $pid = fork; print defined $pid ? "forked" : $!{EPERM} ? "EPERM" : $!';
    expect(runUnder(THREADS, ["perl", "-MErrno", "-e", script])).toMatchObject({
      status: 0,
      stdout: "EPERM",
    });
  });

  test("fork works where processes are granted", () => {
    const script = "my $pid = fork; exit 7 unless $pid; waitpid $pid, 0; print $? >> 8";
    const options = { processes: true, threads: true };
    expect(runUnder(options, ["perl", "-e", script])).toMatchObject({ status: 0, stdout: "7" });
  });

  function callFromPerl(number: number, args: string) {
    const script = `
      my ($f, $new, $buffer) = ("/tmp/file", "/tmp/new", "\\0" x 128);
      open my $made, ">", $f or die; close $made;
      $! = 0;
      my $result = syscall(${[number, args].filter((part) => part !== "").join(", ")});
      print $result == -1 ? $! + 0 : 0;`;
    return runUnder(THREADS, ["perl", "-e", script]);
  }
});

test("Node does ordinary work under the profile of a guest without processes", () => {
  const script = `
    const fs = require("node:fs"), crypto = require("node:crypto"), zlib = require("node:zlib");
    const { Worker } = require("node:worker_threads"), { promisify } = require("node:util"), os = require("node:os");
    (async () => {
      fs.mkdirSync("/tmp/a/b", { recursive: true });
      fs.writeFileSync("/tmp/a/b/c", "x");
      await fs.promises.copyFile("/tmp/a/b/c", "/tmp/a/b/d");
      await fs.promises.readFile("/tmp/a/b/d");
      await fs.promises.cp("/tmp/a", "/tmp/z", { recursive: true });
      fs.rmSync("/tmp/a", { recursive: true });
      fs.watch("/tmp").close();
      await new Promise((resolve) => setTimeout(resolve, 5));
      const worker = new Worker("require('node:worker_threads').parentPort.postMessage(1)", { eval: true });
      await new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
      await promisify(crypto.scrypt)("a", "b", 32);
      crypto.generateKeyPairSync("ed25519");
      zlib.gunzipSync(await promisify(zlib.gzip)(Buffer.alloc(100000)));
      await WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0, 1);
      os.totalmem(); os.hostname(); process.memoryUsage.rss();
      const { spawnSync } = require("node:child_process");
      const net = require("node:net");
      const refused = await new Promise((resolve) => net.connect("/tmp/s").on("error", (e) => resolve(e.code)));
      console.log(JSON.stringify([spawnSync("/bin/true").error.code, refused]));
    })();`;
  expect(runUnder(THREADS, [process.execPath, "--no-addons", "-e", script])).toEqual({
    status: 0,
    stdout: '["EPERM","EPERM"]\n',
    stderr: "",
  });
});

test("Node talks over the inherited socket under the profile of a guest", () => {
  const script = `
    const socket = new (require("node:net").Socket)({ fd: 3 });
    socket.write("hello "); socket.cork(); socket.write("from "); socket.write("inside"); socket.uncork();
    socket.end(Buffer.alloc(300000, "."));`;
  const reader = `
    const { spawn } = require("node:child_process");
    const [, command, ...args] = process.argv, stdio = ["ignore", "inherit", "inherit", "pipe", 4];
    const child = spawn(command, args, { stdio });
    let text = ""; child.stdio[3].on("data", (data) => { text += data; });
    child.on("close", (code) => { console.log(code, text.slice(0, 17), text.length); });`;
  const wrapped = [process.execPath, "-e", script];
  const result = runUnder(THREADS, wrapped, (bwrap) => [process.execPath, "-e", reader, ...bwrap]);
  expect(result).toEqual({ status: 0, stdout: "0 hello from inside 300017\n", stderr: "" });
});

// Only x86-64 has a second way into the kernel.
if (arch === "x64") {
  test("a call through int 0x80 ends the process", () => {
    // mov eax, 20; int 0x80; ret: getpid by the number that i386 gives it.
    const script = `
import ctypes, mmap
page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7)
page.write(bytes.fromhex("b814000000cd80c3"))
print("calling", flush=True)
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
print("survived")`;
    expect(runUnder(THREADS, [pythonPath(), "-c", script])).toMatchObject({
      status: SIGSYS_EXIT,
      stdout: "calling\n",
    });
  });
}

test("Node talks with a child process over pipes where processes and socket pairs are granted", () => {
  const script = `
    const { spawn } = require("node:child_process");
    const child = spawn("cat"); child.stdout.pipe(process.stdout); child.stdin.end("through a child");
    child.on("close", (code) => { process.exitCode = code; });`;
  const options = { processes: true, threads: true, socketPairs: true };
  expect(runUnder(options, [process.execPath, "-e", script])).toEqual({
    status: 0,
    stdout: "through a child",
    stderr: "",
  });
});

test("Python runs asyncio, threads and files under the profile with socket pairs", () => {
  const script = `
import asyncio, json, os, shutil, socket, tempfile, threading, time
async def main():
    return await asyncio.gather(asyncio.sleep(0.01, 1), asyncio.to_thread(lambda: time.sleep(0.01) or 2))
answers = asyncio.run(main())
thread = threading.Thread(target=lambda: answers.append(json.loads("3")))
thread.start(); thread.join()
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x"); file.flush(); os.fsync(file.fileno()); shutil.copy2(file.name, "/tmp/copy")
for attempt in (os.fork, socket.socket, lambda: os.chmod("/tmp/copy", 0o4755)):
    try: attempt(); answers.append("done")
    except PermissionError: answers.append("refused")
print(answers)`;
  expect(runUnder(PAIRS, [pythonPath(), "-I", "-S", "-B", "-c", script])).toEqual({
    status: 0,
    stdout: "[1, 2, 3, 'refused', 'refused', 'refused']\n",
    stderr: "",
  });
});

/** The interpreter itself: `python3` may be a script that starts it, which needs processes. */
function pythonPath(): string {
  const script = "import sys; print(sys.executable)";
  return spawnSync("python3", ["-c", script], { encoding: "utf8" }).stdout.trim();
}

/** Runs a command inside bubblewrap with the program for `options` installed. */
function runUnder(
  options: GuestProfileOptions,
  command: readonly string[],
  wrap: (bwrap: readonly string[]) => readonly string[] = (bwrap) => bwrap,
) {
  const file = join(directory, "program.bpf");
  writeFileSync(file, assembleSeccomp(guestProfile(options), arch));
  const program = openSync(file, "r");
  const walls = [
    "--unshare-user",
    "--unshare-pid",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
  ];
  const [head = "", ...rest] = wrap(["bwrap", ...walls, "--seccomp", "4", "--", ...command]);
  try {
    const stdio = ["ignore", "pipe", "pipe", "ignore", program] as const;
    const { status, stdout, stderr } = spawnSync(head, rest, {
      stdio: [...stdio],
      encoding: "utf8",
      timeout: 15_000,
    });
    return { status, stdout, stderr };
  } finally {
    closeSync(program);
  }
}
