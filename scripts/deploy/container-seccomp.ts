import { SYSCALLS_ARM64 } from "../../packages/host/src/isolation/process/seccomp/syscalls-arm64.ts";
import { SYSCALLS_X64 } from "../../packages/host/src/isolation/process/seccomp/syscalls-x64.ts";

/**
 * What a container that holds a host never needs: calls about the machine, about other processes' memory, and
 * kernel surface with a record of escapes. Engines forbid the same by default; what their defaults forbid too
 * and a host does need is not here: namespaces, mounts within them, and a host name of one's own.
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  ...[
    "acct",
    "adjtimex",
    "bpf",
    "chroot",
    "clock_adjtime",
    "clock_settime",
    "create_module",
    "delete_module",
  ],
  ...["add_key", "keyctl", "request_key", "fanotify_init", "fanotify_mark", "finit_module", "init_module"],
  ...[
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "move_mount",
    "open_tree",
    "open_tree_attr",
    "mount_setattr",
  ],
  ...["get_kernel_syms", "get_mempolicy", "set_mempolicy", "set_mempolicy_home_node", "mbind", "move_pages"],
  ...["migrate_pages", "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kcmp"],
  ...["kexec_file_load", "kexec_load", "lookup_dcookie", "memfd_secret", "nfsservctl", "open_by_handle_at"],
  ...["perf_event_open", "pidfd_getfd", "process_madvise", "process_mrelease", "process_vm_readv"],
  ...["process_vm_writev", "ptrace", "query_module", "quotactl", "quotactl_fd", "reboot", "setdomainname"],
  ...["setns", "settimeofday", "stime", "swapoff", "swapon", "_sysctl", "sysfs", "syslog", "uselib"],
  ...["userfaultfd", "ustat", "vhangup", "vm86", "vm86old", "statmount", "listmount", "lsm_set_self_attr"],
]);

/** Personalities that change nothing dangerous: Linux, Linux of 32 bits, and asking which one it is. */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/** The seccomp profile for containers, as Docker, Podman, containerd and Kubernetes read it. */
export function containerSeccomp(): object {
  const names = [...new Set([...Object.keys(SYSCALLS_X64), ...Object.keys(SYSCALLS_ARM64)])]
    .filter((name) => !FORBIDDEN.has(name) && name !== "personality")
    .sort();
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 1,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
    syscalls: [
      { names, action: "SCMP_ACT_ALLOW" },
      ...PERSONALITIES.map((value) => ({
        names: ["personality"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, value, op: "SCMP_CMP_EQ" }],
      })),
    ],
  };
}
