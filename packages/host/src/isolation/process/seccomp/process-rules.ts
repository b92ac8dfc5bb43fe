import type { Profile } from "./assemble.js";
import { allow, errno, hasNone, int, isAnyOf, isMasked, long, type Rule, when } from "./rules.js";

// Source: `linux/sched.h`.
const THREAD_FLAG = 0x10000;
const SHARING_FLAGS = 0x100 | 0x200 | 0x400 | 0x800; // VM, FS, FILES, SIGHAND
const TRACE_FLAG = 0x2000;
const NAMESPACE_FLAGS = 0x7e02_0000; // NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET

// Source: `linux/prctl.h`.
// biome-ignore format: one line per group, each with its names
const PRCTL_ALLOWED = [
  1, 2, // SET_PDEATHSIG, GET_PDEATHSIG
  3, // GET_DUMPABLE
  7, // GET_KEEPCAPS
  15, 16, // SET_NAME, GET_NAME
  21, 23, 27, 30, // GET_SECCOMP, CAPBSET_READ, GET_SECUREBITS, GET_TIMERSLACK
  37, 38, 39, 40, // GET_CHILD_SUBREAPER, SET_NO_NEW_PRIVS, GET_NO_NEW_PRIVS, GET_TID_ADDRESS
  42, 51, 52, 56, // GET_THP_DISABLE, SVE_GET_VL, GET_SPECULATION_CTRL, GET_TAGGED_ADDR_CTRL
  61, 64, 66, // PAC_GET_ENABLED_KEYS, SME_GET_VL, GET_MDWE
  0x53564d41, // SET_VMA: names of memory areas
];

// Source: `asm/prctl.h` of x86: SET_GS, SET_FS, GET_FS, GET_GS, GET_CPUID, GET_XCOMP_SUPP, GET_XCOMP_PERM,
// REQ_XCOMP_PERM (matrix registers).
const ARCH_PRCTL_ALLOWED = [0x1001, 0x1002, 0x1003, 0x1004, 0x1011, 0x1021, 0x1022, 0x1023];

// Linux itself, and the question which personality is set. Others switch off address randomisation or map page 0.
const PERSONALITY_ALLOWED = [0, 0xffff_ffff];

/** How a guest may multiply. */
export type ProcessRights = {
  /** New processes, within the limit on their number. */
  readonly processes: boolean;
  /** New threads of its own process. */
  readonly threads: boolean;
};

/** What a guest may change about its own process and whether it may start others. */
export function processRules(rights: ProcessRights): Profile {
  // Without new processes a fork bomb is impossible and a limit per process is a limit per plugin.
  const spawns = rights.processes ? allow : errno("EPERM");
  return {
    fork: spawns,
    vfork: spawns,
    clone: cloneRule(rights),
    // A session of its own outlives signals to the group, so it comes only with processes of its own.
    setsid: spawns,
    setpgid: spawns,
    // An allow-list: SET_DUMPABLE would hide the guest from the host's accounting, SET_MM moves what /proc
    // shows, SET_SECCOMP and SET_PTRACER reach for walls, SET_SPECULATION_CTRL drops mitigations.
    prctl: when(isAnyOf(int(0), PRCTL_ALLOWED), allow, errno("EPERM")),
    arch_prctl: when(isAnyOf(int(0), ARCH_PRCTL_ALLOWED), allow, errno("EINVAL")),
    personality: when(isAnyOf(int(0), PERSONALITY_ALLOWED), allow, errno("EPERM")),
    // Reading its own limits. No new limit: a raised soft limit would undo what the stub set.
    prlimit64: when(isAnyOf(int(0), [0]), when(isAnyOf(long(2), [0]), allow, errno("EPERM")), errno("EPERM")),
  };
}

function cloneRule({ processes, threads }: ProcessRights): Rule {
  const refused = errno("EPERM");
  // All of them shared: a thread with a descriptor table of its own would have a limit of its own.
  const thread = when(isMasked(int(0), SHARING_FLAGS, SHARING_FLAGS), threads ? allow : refused, refused);
  const starts = when(hasNone(int(0), THREAD_FLAG), processes ? allow : refused, thread);
  // A new user namespace would give a guest every capability inside it; CLONE_PTRACE attaches a tracer.
  return when(hasNone(int(0), NAMESPACE_FLAGS | TRACE_FLAG), starts, refused);
}
