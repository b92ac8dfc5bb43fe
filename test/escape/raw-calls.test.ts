import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, numberOf, openRawGuests, type RawGuests } from "./raw-guest.js";

// The whole guest as the host starts it, with a program in it that asks the kernel directly.

const [EPERM, ENOENT, EBADF, EACCES, EXDEV, EINVAL, ENOTTY, EROFS, ENOSYS, EOPNOTSUPP] = [
  1, 2, 9, 13, 18, 22, 25, 30, 38, 95,
];

let raw: RawGuests;
beforeAll(async () => {
  raw = await openRawGuests();
});
afterAll(async () => raw?.close());

/** Only an attack makes these: the first try ends the guest. */
const DEADLY: readonly (readonly [name: string, args: string])[] = [
  ["ptrace", "16, 1, 0, 0"],
  ["process_vm_readv", "1, 0, 0, 0, 0, 0"],
  ["process_vm_writev", "1, 0, 0, 0, 0, 0"],
  ["pidfd_getfd", "0, 0, 0"],
  ["setns", "0, 0"],
  ["mount", "'none', '/tmp', 'tmpfs', 0, 0"],
  ["umount2", "'/tmp', 2"],
  ["pivot_root", "'/tmp', '/tmp'"],
  ["open_tree", "-100, '/', 1"],
  ["move_mount", "-100, '/tmp', -100, '/data', 0"],
  ["fsopen", "'tmpfs', 0"],
  ["fspick", "-100, '/', 0"],
  ["mount_setattr", "-100, '/plugin', 0, 0, 0"],
  ["open_by_handle_at", "-100, 0, 0"],
  ["keyctl", "0, -3, 0, 0, 0"],
  ["add_key", "'user', 'name', 'x', 1, -3"],
  ["request_key", "'user', 'name', 0, -3"],
  ["bpf", "0, 0, 0"],
  ["userfaultfd", "0"],
  ["kexec_load", "0, 0, 0, 0"],
  ["kexec_file_load", "0, 0, 0, 0, 0"],
  ["init_module", "0, 0, ''"],
  ["finit_module", "0, '', 0"],
  ["delete_module", "'loop', 0"],
  ["reboot", "0, 0, 0, 0"],
  ["swapon", "'/tmp/x', 0"],
  ["acct", "'/tmp/x'"],
];

/** Call, arguments as Perl, and the error that must come back. */
const REFUSED: readonly (readonly [name: string, args: string, error: number])[] = [
  ["unshare", "0x10000000", EPERM],
  ["unshare", "0x00020000", EPERM],
  ["unshare", "0x400", EPERM],
  ["clone", "0x10000011, 0, 0, 0, 0", EPERM],
  ["clone", "17, 0, 0, 0, 0", EPERM],
  ["clone3", "$b, 88", ENOSYS],
  ["chroot", "'/tmp'", EPERM],
  ["memfd_create", "'x', 0", EPERM],
  ["memfd_secret", "0", EPERM],
  ["execveat", "3, '', 0, 0, 0x1000", EPERM],
  ["perf_event_open", "$b, 0, -1, -1, 0", EPERM],
  ["io_uring_setup", "8, $b", ENOSYS],
  ["io_uring_enter", "0, 0, 0, 0, 0, 0", ENOSYS],
  ["openat2", "-100, '/etc/passwd', $b, 24", ENOSYS],
  ["pidfd_open", "1, 0", EPERM],
  ["pidfd_send_signal", "0, 9, 0, 0", EPERM],
  ["name_to_handle_at", "-100, '/', $b, $b, 0", EPERM],
  ["seccomp", "1, 8, $b", EPERM],
  ["prctl", "4, 0, 0, 0, 0", EPERM],
  ["prctl", "35, 1, 0, 0, 0", EPERM],
  ["prctl", "0x59616d61, -1, 0, 0, 0", EPERM],
  ["prctl", "22, 1, 0, 0, 0", EPERM],
  ["personality", "0x0040000", EPERM],
  ["setrlimit", "2, $b", EPERM],
  ["prlimit64", "0, 2, $b, 0", EPERM],
  ["prlimit64", "1, 2, 0, $b", EPERM],
  ["setuid", "0", EPERM],
  ["setgroups", "0, $b", EPERM],
  ["capset", "$b, $b", EPERM],
  ["sched_setscheduler", "0, 1, $b", EPERM],
  ["setpriority", "0, 0, -20", EPERM],
  ["sync", "", EPERM],
  ["splice", "0, 0, 1, 0, 1, 0", EPERM],
  ["vmsplice", "1, $b, 1, 0", EPERM],
  ["sethostname", "'x', 1", EPERM],
  ["settimeofday", "$b, 0", EPERM],
  ["quotactl", "0, 0, 0, 0", EPERM],
  ["ioctl", "0, 0x5412, $b", ENOTTY], // TIOCSTI
  ["ioctl", "0, 0x541c, $b", ENOTTY], // TIOCLINUX
  ["ioctl", "0, 0x5423, $b", ENOTTY], // TIOCSETD
  ["ioctl", "3, 0x8933, $b", ENOTTY], // SIOCGIFINDEX on the channel
  ["ioctl", "3, 0x894c, $b", ENOTTY], // SIOCGSKNS: a descriptor of the network namespace
  ["fcntl", "3, 1033, 1", EPERM], // F_ADD_SEALS
  ["fcntl", "0, 1024, 1", EPERM], // F_SETLEASE
  ["fcntl", "0, 1026, 0x8000000f", EPERM], // F_NOTIFY
  ["fcntl", "0, 8, 1", EPERM], // F_SETOWN: signals to others
  ["mknodat", "-100, '/tmp/device', 020666, 0x103", EPERM],
  ["mknodat", "-100, '/tmp/block', 060666, 0x700", EPERM],
  ["mknodat", "-100, '/data/pipe', 010666, 0", EPERM],
  ["mknodat", "-100, '/data/socket', 0140666, 0", EPERM],
  ["mknodat", "-100, '/data/plain', 0104755, 0", EPERM],
  ["fchmodat", "-100, '/data', 04777", EPERM],
  ["openat", "-100, '/data/x', 0102, 06755", EPERM],
  ["openat", "-100, '/data', 020200002, 04755", EPERM],
  ["mkdirat", "-100, '/data/x', 02777", EPERM],
  ["setxattr", "'/data', 'user.x', 'y', 1, 0", EOPNOTSUPP],
  ["setxattr", "'/data', 'security.capability', $b, 20, 0", EOPNOTSUPP],
  ["fallocate", "1, 0, 0, 4096", EOPNOTSUPP],
  ["renameat2", "-100, '/data/x', -100, '/data/y', 4", EINVAL],
  ["renameat2", "-100, '/data', -100, '/tmp', 2", EROFS],
  ["linkat", "-100, '/usr/bin/perl', -100, '/data/perl', 0", EXDEV],
  ["symlinkat", "'/etc', -100, '/link'", EROFS],
  ["openat", "-100, '/proc/self/mem', 2, 0", ENOENT],
  ["openat", "-100, '/usr/bin/perl', 1, 0", EACCES],
  ["openat", "-100, '/dev/new', 0102, 0600", EROFS],
  ["readlinkat", "-100, '/proc/self/exe', $b, 64", ENOENT],
  ["mmap", "0, 4096, 3, 0x21, -1, 0", EPERM],
  ["socketpair", "1, 1, 0, $b", EPERM],
  ["sendmsg", "3, $b, 0", EPERM],
  ["recvmsg", "3, $b, 0", EPERM],
  ["getsockopt", "3, 1, 77, $b, $b", EPERM], // SO_PEERPIDFD
  ["getsockopt", "3, 1, 17, $b, $b", EPERM], // SO_PEERCRED
  ["fanotify_init", "0, 0", EPERM],
  ["syslog", "3, $b, 64", EPERM],
  ["pipe2", "$b, 0200", EINVAL],
  ["statmount", "0, 0, 0, 0", ENOSYS],
  ["close", "5", EBADF],
  ["execve", "'/data', 0, 0", EACCES],
];

/** The smallest x86-64 program: getpid by its i386 number through `int 0x80`, then exit. */
const INT80_PROGRAM = Buffer.from(
  [
    "7f454c4602010100000000000000000002003e000100000078004000000000004000000000000000",
    "00000000000000000000000040003800010000000000000001000000050000000000000000000000",
    "00004000000000000000400000000000880000000000000088000000000000000010000000000000",
    "b814000000cd80b83c00000031ff0f05",
  ].join(""),
  "hex",
);

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK, AF_ALG, AF_KEY, AF_BLUETOOTH, AF_XDP, AF_TIPC, AF_SMC. */
const FAMILIES = [1, 2, 10, 16, 17, 40, 38, 15, 31, 44, 30, 43];

describe("A program that asks the kernel directly", () => {
  test.each(DEADLY.filter(([name]) => numberOf(name) !== undefined))(
    "is ended for %s(%s)",
    async (name, args) => {
      const { end, lines } = await raw.run(`${call(name, args)} print "survived\\n";`);
      expect(lines).toEqual([]);
      expect(end).toMatchObject({ code: "SECCOMP_VIOLATION", evidence: { exitCode: 159 } });
    },
  );

  test("is refused everything else that is no business of its", async () => {
    const known = REFUSED.filter(([name]) => numberOf(name) !== undefined);
    const script = known.map(([name, args]) => `{ ${call(name, args)} }`).join("\n");
    const { end, lines } = await raw.run(`my $b = "\\0" x 256; ${script}`);
    const found = known.map(([name, args], at) => `${name}(${args}) ${lines[at]}`);
    expect(found).toEqual(known.map(([name, args, error]) => `${name}(${args}) ${error}`));
    expect(end.code).toBeUndefined();
  });

  test("gets no socket of any family and kind", async () => {
    const kinds = FAMILIES.flatMap((family) => [1, 2, 3, 5].map((type) => `${family}, ${type}, 0`));
    const { lines } = await raw.run(kinds.map((kind) => `{ ${call("socket", kind)} }`).join("\n"));
    expect(lines).toEqual(kinds.map(() => String(EPERM)));
  });

  test("cannot hide a forbidden argument behind high bits", async () => {
    const high = "0xdeadbeef00000000";
    const calls = [
      call("clone", `0x10000011 | ${high}, 0, 0, 0, 0`),
      call("mmap", `0, 4096, 3, 0x21 | ${high}, -1, 0`),
      call("fchmodat", `-100, '/data', 04777 | ${high}`),
      call("socket", `2 | ${high}, 1 | ${high}, 0`),
    ];
    const { lines } = await raw.run(calls.map((one) => `{ ${one} }`).join("\n"));
    expect(lines).toEqual(calls.map(() => String(EPERM)));
  });

  test("is ended for numbers of another table of calls", async () => {
    const { end, lines } = await raw.run(`syscall(0x40000000 + 39); print "survived\\n";`);
    // arm64 has one table only: there the number does not exist.
    if (process.arch === "x64") expect(end.code).toBe("SECCOMP_VIOLATION");
    else expect(lines).toEqual(["survived"]);
  });

  if (process.arch === "x64") {
    test("is ended for the old way into the kernel", async () => {
      const program = join(raw.home, "int80");
      writeFileSync(program, INT80_PROGRAM, { mode: 0o755 });
      const executables = [{ source: program, target: "/program" }];
      const { end } = await raw.run("", { program: "/program", args: [], executables });
      expect(end).toMatchObject({ code: "SECCOMP_VIOLATION", evidence: { exitCode: 159 } });
    });
  }

  test("may end before its processors are limited: that is no failure of its start", async () => {
    const guest = await raw.start("exit 0");
    await guest.ended;
    await expect(guest.confineCpu()).resolves.toBeUndefined();
  });

  test("has no descriptor beyond the two channels", async () => {
    const { lines } = await raw.run(
      `for my $fd (0 .. 1100) { print "$fd\\n" if syscall(${numberOf("fcntl")}, $fd, 1, 0) != -1; }`,
    );
    expect(lines).toEqual(["0", "1", "2", "3", "4"]);
  });

  test("sees no process but itself and signals nobody", async () => {
    const { end, lines } = await raw.run(
      `print join(",", $$, getppid, $<, $>), "\\n"; print kill(0, $_) ? "alive $_\\n" : "" for 2 .. 5000, ${process.pid}, ${process.ppid}; print kill("KILL", -1), "\\n";`,
    );
    expect(lines).toEqual(["1,0,1000,1000", "0"]);
    expect(end.code).toBeUndefined();
  });

  test("maps no file of its own as code", async () => {
    // PROT_READ | PROT_EXEC at once, and PROT_EXEC afterwards.
    const { lines } = await raw.run(`
      for my $dir ("/data", "/tmp") {
        open my $f, "+>", "$dir/code" or die $!; syswrite $f, "\\xc3" x 4096;
        $! = 0; my $r = syscall(${numberOf("mmap")}, 0, 4096, 5, 2, fileno $f, 0); print $r == -1 ? $! + 0 : 0, "\\n";
        my $at = syscall(${numberOf("mmap")}, 0, 4096, 1, 2, fileno $f, 0);
        $! = 0; $r = syscall(${numberOf("mprotect")}, $at, 4096, 5); print $r == -1 ? $! + 0 : 0, "\\n";
        system("$dir/code"); print $! + 0, "\\n";
      }`);
    expect(lines).toEqual([EPERM, EACCES, EPERM, EPERM, EACCES, EPERM].map(String));
  });

  test("finds nothing in its root but what it was given", async () => {
    const { lines } = await raw.run(`
      sub walk { my $d = shift; opendir my $h, $d or return; for (sort readdir $h) { next if /^\\.\\.?$/; my $p = $d eq "/" ? "/$_" : "$d/$_";
        print "$p\\n" unless $p =~ m{^/(lib|lib64|usr)}; walk($p) if -d $p && !-l $p } } walk("/");`);
    expect(lines.filter((line) => line !== "/.launch-stub")).toEqual([
      "/data",
      "/dev",
      "/dev/null",
      "/dev/random",
      "/dev/urandom",
      "/proc",
      "/tmp",
    ]);
  });
});
