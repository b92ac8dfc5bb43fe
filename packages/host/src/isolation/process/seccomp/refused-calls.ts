import type { Profile } from "./assemble.js";
import { errno, kill, type Rule } from "./rules.js";
import type { SyscallName } from "./syscalls.js";

// Nothing but an attack on the host or on another process makes these, so the first try ends the guest with a
// clear sign (exit 159) instead of giving it another.
// biome-ignore format: lists of words read best filled to the margin
const KILLED: readonly SyscallName[] = [
  // Reading or steering another process; stealing its descriptors.
  "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd",
  // Code in the kernel, another kernel.
  "init_module", "finit_module", "delete_module", "create_module", "kexec_load", "kexec_file_load", "bpf",
  // Opens of race windows inside the kernel, as used by most of its published exploits.
  "userfaultfd",
  // Keys of the host are not namespaced.
  "keyctl", "add_key", "request_key",
  // Changing what the mounts promise: noexec, read-only, sizes.
  "mount", "umount2", "pivot_root", "open_tree", "open_tree_attr", "move_mount", "mount_setattr",
  "fsopen", "fsconfig", "fsmount", "fspick",
  // Entering the host's namespaces; opening files by handle from outside the root ("Shocker").
  "setns", "open_by_handle_at",
  // The machine itself.
  "reboot", "swapon", "swapoff", "iopl", "ioperm", "acct",
];

// Ordinary software tries these and copes with a refusal.
// biome-ignore format: lists of words read best filled to the margin
const REFUSED: readonly SyscallName[] = [
  // Sandboxes and servers try to shed rights. New namespaces open the kernel's administrative code to a guest;
  // unshare(CLONE_FILES) would give each thread a descriptor table, and thus a limit, of its own.
  "unshare", "chroot", "seccomp",
  "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups", "capset",
  // Memory that RLIMIT_DATA does not count, and files without a name that could be executed.
  "memfd_create", "memfd_secret", "execveat",
  // Rights over processes by descriptor.
  "pidfd_open", "pidfd_send_signal", "process_madvise", "process_mrelease", "kcmp",
  // Limits and priorities are the operator's.
  "setrlimit", "setpriority", "ioprio_set", "sched_setscheduler", "sched_setparam", "sched_setattr",
  "mbind", "set_mempolicy", "migrate_pages", "move_pages",
  // Profilers probe it; a side channel and a long row of kernel holes.
  "perf_event_open",
  // Pipes that share pages with their source ("Dirty Pipe").
  "splice", "tee", "vmsplice",
  // One call flushes every file system of the host: an I/O storm outside all quotas.
  "sync", "syncfs",
  // Clock, name, log, terminal and quotas of the machine; segments in the kernel's tables.
  "settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "sethostname", "setdomainname", "syslog", "vhangup",
  "quotactl", "modify_ldt",
  // Watching and finding files beyond paths.
  "fanotify_init", "fanotify_mark", "name_to_handle_at",
  // Talking to anyone but the host: the channel on descriptor 3 is inherited and needs none of them. Messages
  // with ancillary data would also pass descriptors on.
  "socket", "connect", "bind", "listen", "accept", "accept4", "sendmsg", "sendmmsg", "recvmsg", "recvmmsg",
  "setsockopt",
];

// Answered as by a kernel without them, so that libraries fall back. They keep their arguments in memory, where
// a filter cannot look, or do file work where no filter sees it.
// biome-ignore format: lists of words read best filled to the margin
const ABSENT: readonly SyscallName[] = [
  "clone3", "openat2", "io_uring_setup", "io_uring_enter", "io_uring_register", "remap_file_pages",
];

// Attributes are bytes that no quota counts, and travel with files to the host. File systems without them exist.
// biome-ignore format: lists of words read best filled to the margin
const UNSUPPORTED: readonly SyscallName[] = [
  "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
  // Takes a whole quota's blocks in a microsecond, a thousand times between two looks of a watch; libraries write instead.
  "fallocate",
];

/** What no guest may call. What is in no list at all gets ENOSYS too; these are named to say why. */
export const refusedCalls: Profile = {
  ...each(KILLED, kill),
  ...each(REFUSED, errno("EPERM")),
  ...each(ABSENT, errno("ENOSYS")),
  ...each(UNSUPPORTED, errno("EOPNOTSUPP")),
};

function each(names: readonly SyscallName[], rule: Rule): Profile {
  return Object.fromEntries(names.map((name) => [name, rule]));
}
