import { expect, test } from "vitest";
import { assembleSeccomp, type Profile } from "./assemble.js";
import { describeProfile } from "./describe-profile.js";
import { decodeInstructions, MAX_INSTRUCTIONS, OPCODE } from "./instruction.js";
import { interpretSeccomp } from "./interpret.js";
import { combineProfiles, guestProfile } from "./profile.js";
import { allow, errno } from "./rules.js";
import { SYSCALLS, type SyscallName } from "./syscalls.js";

const ARCHES = ["x64", "arm64"] as const;
const PROFILES = {
  least: guestProfile({ processes: false, threads: false }),
  threads: guestProfile({ processes: false, threads: true }),
  "socket-pairs": guestProfile({ processes: false, threads: true, socketPairs: true }),
  processes: guestProfile({ processes: true, threads: true, socketPairs: true }),
} satisfies Readonly<Record<string, Profile>>;
const CASES = ARCHES.flatMap((arch) =>
  Object.entries(PROFILES).map(([name, profile]) => ({ arch, name, profile })),
);

// After a wanted change: `vitest run -u`, and read the difference.
test.each(CASES)(
  "guestProfile() $name on $arch decides as written in its golden file",
  async ({ arch, name, profile }) => {
    await expect(describeProfile(profile, arch)).toMatchFileSnapshot(`golden/${name}-${arch}.txt`);
  },
);

test.each(CASES)(
  "the program of $name on $arch fits the kernel and jumps only inside itself",
  ({ arch, profile }) => {
    const instructions = decodeInstructions(assembleSeccomp(profile, arch));
    expect(instructions.length).toBeLessThan(MAX_INSTRUCTIONS / 4);
    for (const [at, { code, jt, jf, k }] of instructions.entries()) {
      const skipped = code === OPCODE.jump ? k : Math.max(jt, jf);
      if (code !== OPCODE.return) expect(at + 1 + skipped).toBeLessThan(instructions.length);
    }
  },
);

const CLONE_OF_A_THREAD = 0x3d_0f00n; // what glibc's pthread_create passes
const GARBAGE = 0xdead_beef_0000_0000n;
const POINTER = 0x7f00_0000_1000n;

/** Name of the call, arguments, verdict. */
const DECISIONS: readonly (readonly [SyscallName, readonly bigint[], string])[] = [
  ["clone", [CLONE_OF_A_THREAD], "allow"],
  ["clone", [17n], "EPERM"],
  ["clone", [CLONE_OF_A_THREAD | 0x1000_0000n], "EPERM"],
  ["clone", [CLONE_OF_A_THREAD & ~0x400n], "EPERM"],
  ["clone3", [], "ENOSYS"],
  ["fchmodat", [0n, 0n, 0o755n | GARBAGE], "allow"],
  ["fchmodat", [0n, 0n, 0o4755n | GARBAGE], "EPERM"],
  ["fchmodat2", [0n, 0n, 0o2755n], "EPERM"],
  ["openat", [0n, 0n, 0o101n | GARBAGE, 0o644n | GARBAGE], "allow"],
  ["openat", [0n, 0n, 0o101n, 0o4755n], "EPERM"],
  ["openat", [0n, 0n, 0o20200000n, 0o2755n], "EPERM"],
  ["openat", [0n, 0n, 0n, 0o4755n], "allow"],
  ["openat2", [], "ENOSYS"],
  ["mkdirat", [0n, 0n, 0o1777n], "allow"],
  ["mkdirat", [0n, 0n, 0o2777n], "EPERM"],
  ["mknodat", [0n, 0n, 0o100644n], "allow"],
  ["mknodat", [0n, 0n, 0o644n], "allow"],
  ["mknodat", [0n, 0n, 0o104644n], "EPERM"],
  ["mknodat", [0n, 0n, 0o10644n], "EPERM"],
  ["mknodat", [0n, 0n, 0o20644n], "EPERM"],
  ["renameat2", [0n, 0n, 0n, 0n, 1n], "allow"],
  ["renameat2", [0n, 0n, 0n, 0n, 4n], "EINVAL"],
  ["mmap", [0n, 4096n, 3n, 0x22n], "allow"],
  ["mmap", [0n, 4096n, 3n, 0x01n], "allow"],
  ["mmap", [0n, 4096n, 3n, 0x21n | GARBAGE], "EPERM"],
  ["mmap", [0n, 4096n, 3n, 0x23n], "EPERM"],
  ["mmap", [0n, 4096n, 3n, 0x122n], "EPERM"],
  ["mmap", [0n, 4096n, 3n, 0x4_0022n], "EPERM"],
  ["futex", [0n, 0x80n], "allow"],
  ["futex", [0n, 0x189n], "allow"],
  ["futex", [0n, 0x86n], "ENOSYS"],
  ["ioctl", [0n, 0x5421n | GARBAGE], "allow"],
  ["ioctl", [0n, 0x5412n | GARBAGE], "ENOTTY"],
  ["ioctl", [0n, 0x541cn], "ENOTTY"],
  ["fcntl", [0n, 3n], "allow"],
  ["fcntl", [0n, 1024n], "EPERM"],
  ["pipe2", [0n, 0o2004000n], "allow"],
  ["pipe2", [0n, 0o200n], "EINVAL"],
  ["prlimit64", [0n, 7n, 0n, POINTER], "allow"],
  ["prlimit64", [0n, 7n, POINTER, 0n], "EPERM"],
  ["prlimit64", [0n, 7n, 0x1_0000_0000n, 0n], "EPERM"],
  ["prlimit64", [1n, 7n, 0n, POINTER], "EPERM"],
  ["prctl", [15n], "allow"],
  ["prctl", [22n | GARBAGE], "EPERM"],
  ["prctl", [4n], "EPERM"],
  ["personality", [0xffff_ffffn], "allow"],
  ["personality", [0x4_0000n], "EPERM"],
  ["getsockopt", [3n, 1n, 3n], "allow"],
  ["getsockopt", [3n, 1n, 77n], "EPERM"],
  ["getsockopt", [3n, 1n, 17n], "EPERM"],
  ["getsockopt", [3n, 6n, 3n], "EPERM"],
  ["socket", [1n, 1n], "EPERM"],
  ["socketpair", [1n, 1n], "EPERM"],
  ["sendto", [3n], "EPERM"],
  ["sendmsg", [3n], "EPERM"],
  ["ptrace", [], "kill"],
  ["mount", [], "kill"],
  ["unshare", [], "EPERM"],
  ["memfd_create", [], "EPERM"],
  ["io_uring_setup", [], "ENOSYS"],
  ["statmount", [], "ENOSYS"],
  ["map_shadow_stack", [], "ENOSYS"],
  ["shmget", [], "ENOSYS"],
  ["mq_open", [], "ENOSYS"],
];

const ASKED = ARCHES.flatMap((arch) => DECISIONS.map((row) => ({ arch, row, label: labelOf(row) })));

test.each(ASKED)("guestProfile() on $arch answers $label", ({ arch, row: [name, args, verdict] }) => {
  expect(verdictOf(PROFILES.threads, arch, name, args)).toBe(verdict);
});

test("guestProfile() lets a guest start threads or processes only when it may", () => {
  const { least, processes } = PROFILES;
  expect(verdictOf(least, "x64", "clone", [CLONE_OF_A_THREAD])).toBe("EPERM");
  expect(verdictOf(processes, "x64", "clone", [17n])).toBe("allow");
  expect(verdictOf(processes, "x64", "vfork", [])).toBe("allow");
  expect(verdictOf(processes, "x64", "clone", [17n | 0x2000_0000n])).toBe("EPERM");
  expect(verdictOf(processes, "x64", "clone", [17n | 0x2000n])).toBe("EPERM");
});

test("guestProfile() with socket pairs allows streams without addresses and out-of-band data", () => {
  const profile = PROFILES["socket-pairs"];
  expect(verdictOf(profile, "x64", "socketpair", [1n, 0o2004001n])).toBe("allow");
  expect(verdictOf(profile, "x64", "socketpair", [1n, 2n])).toBe("EPERM");
  expect(verdictOf(profile, "x64", "socketpair", [30n, 1n])).toBe("EPERM");
  expect(verdictOf(profile, "x64", "sendto", [3n, POINTER, 1n, 0x4000n, 0n, 0n])).toBe("allow");
  expect(verdictOf(profile, "x64", "sendto", [3n, POINTER, 1n, 1n, 0n, 0n])).toBe("EPERM");
  expect(verdictOf(profile, "x64", "sendto", [3n, POINTER, 1n, 0n, POINTER, 16n])).toBe("EPERM");
  expect(verdictOf(profile, "x64", "recvfrom", [3n, POINTER, 1n, 0n, 0x1_0000_0000n, 0n])).toBe("EPERM");
  expect(verdictOf(profile, "x64", "socket", [1n, 1n])).toBe("EPERM");
});

test("combineProfiles() refuses two rules for one call", () => {
  expect(() => combineProfiles({ read: allow }, { read: errno("EPERM") })).toThrow('"read"');
});

function labelOf([name, args, verdict]: (typeof DECISIONS)[number]): string {
  return `${name}(${args.map((value) => `0x${value.toString(16)}`).join(", ")}) with ${verdict}`;
}

function verdictOf(
  profile: Profile,
  arch: (typeof ARCHES)[number],
  name: SyscallName,
  args: readonly bigint[],
): string {
  const number = SYSCALLS[arch][name] ?? SYSCALLS.x64[name];
  // A call that arm64 lacks is asked for on x86-64.
  const place = SYSCALLS[arch][name] === undefined ? "x64" : arch;
  const action = interpretSeccomp(assembleSeccomp(profile, place), {
    arch: place,
    number: number ?? 0,
    args,
  });
  const names: Readonly<Record<number, string>> = {
    1: "EPERM",
    22: "EINVAL",
    25: "ENOTTY",
    38: "ENOSYS",
    95: "EOPNOTSUPP",
  };
  return action.kind === "errno" ? (names[action.errno] ?? `${action.errno}`) : action.kind;
}
