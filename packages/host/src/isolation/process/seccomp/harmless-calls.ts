import type { Profile } from "./assemble.js";
import { allow } from "./rules.js";
import type { SyscallName } from "./syscalls.js";

// Calls that act only on the guest itself or on files that its mounts already bound. Docker's default profile
// allows all of them and about eighty more. A new name needs a reason: what does a guest fail to do without it?
// biome-ignore format: lists of words read best filled to the margin
const HARMLESS: readonly SyscallName[] = [
  // Reading and writing what is open.
  "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2", "lseek",
  "close", "close_range", "dup", "dup2", "dup3", "pipe", "sendfile", "copy_file_range",
  "fsync", "fdatasync", "sync_file_range", "msync", "readahead", "fadvise64", "flock",
  // Finding, naming and removing files.
  "stat", "fstat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2",
  "readlink", "readlinkat", "getdents", "getdents64", "getcwd", "chdir", "fchdir", "umask",
  "rename", "renameat", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "rmdir",
  "truncate", "ftruncate", "chown", "fchown", "lchown", "fchownat",
  "utime", "utimes", "futimesat", "utimensat",
  "getxattr", "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr",
  "inotify_init", "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
  // Waiting.
  "poll", "ppoll", "select", "pselect6", "pause", "nanosleep", "clock_nanosleep", "restart_syscall",
  "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
  "eventfd", "eventfd2", "signalfd", "signalfd4", "timerfd_create", "timerfd_settime", "timerfd_gettime",
  // Time.
  "time", "gettimeofday", "clock_gettime", "clock_getres", "times", "getitimer", "setitimer", "alarm",
  "timer_create", "timer_settime", "timer_gettime", "timer_getoverrun", "timer_delete",
  // Its own memory.
  "brk", "munmap", "mremap", "mprotect", "madvise", "mincore", "mlock", "mlock2", "mlockall", "munlock", "munlockall",
  "mseal", "pkey_alloc", "pkey_free", "pkey_mprotect", "membarrier", "get_mempolicy",
  // Its own threads; signals reach no farther than its process namespace.
  "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait", "rt_sigsuspend", "sigaltstack",
  "rt_sigqueueinfo", "rt_tgsigqueueinfo", "kill", "tkill", "tgkill",
  "set_tid_address", "set_robust_list", "get_robust_list", "rseq", "gettid", "getcpu",
  "sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_getscheduler", "sched_getattr",
  "sched_get_priority_max", "sched_get_priority_min", "sched_rr_get_interval",
  "exit", "exit_group", "wait4", "waitid",
  // The launch stub starts the interpreter with it; only interpreter and libraries are mounted executable.
  "execve",
  // Who and where it is.
  "getpid", "getppid", "getpgid", "getpgrp", "getsid", "getuid", "geteuid", "getgid", "getegid", "getgroups",
  "getresuid", "getresgid", "capget", "getpriority", "ioprio_get", "getrlimit", "getrusage", "sysinfo", "uname",
  "getrandom",
  // A guest may give up more of its own rights.
  "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
];

/** What every guest may call with any argument. */
export const harmlessCalls: Profile = Object.fromEntries(HARMLESS.map((name) => [name, allow]));
