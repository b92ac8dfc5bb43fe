import { describe, expect, test } from "vitest";
import { pythonPath, runUnderProfile, SIGSYS_EXIT } from "./run-under-profile.js";
import { type SeccompArch, SYSCALLS, type SyscallName } from "./syscalls.js";

// The program stands around real processes here: bubblewrap installs it, and the running kernel decides.
// Perl, which Debian's base system contains, makes raw system calls without a library in between.

const THREADS = { processes: false, threads: true };

// Safe: the walls exist on these two processors only, and the wall tests run on no other.
const arch = process.arch as SeccompArch;

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
    expect(runUnderProfile(THREADS, ["perl", "-MErrno", "-e", script])).toMatchObject({
      status: 0,
      stdout: "EPERM",
    });
  });

  test("fork works where processes are granted", () => {
    const script = "my $pid = fork; exit 7 unless $pid; waitpid $pid, 0; print $? >> 8";
    const options = { processes: true, threads: true };
    expect(runUnderProfile(options, ["perl", "-e", script])).toMatchObject({ status: 0, stdout: "7" });
  });

  function callFromPerl(number: number, args: string) {
    const script = `
      my ($f, $new, $buffer) = ("/tmp/file", "/tmp/new", "\\0" x 128);
      open my $made, ">", $f or die; close $made;
      $! = 0;
      my $result = syscall(${[number, args].filter((part) => part !== "").join(", ")});
      print $result == -1 ? $! + 0 : 0;`;
    return runUnderProfile(THREADS, ["perl", "-e", script]);
  }
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
    expect(runUnderProfile(THREADS, [pythonPath(), "-c", script])).toMatchObject({
      status: SIGSYS_EXIT,
      stdout: "calling\n",
    });
  });
}
