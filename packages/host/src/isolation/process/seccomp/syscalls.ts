import { SYSCALLS_ARM64 } from "./syscalls-arm64.js";
import { SYSCALLS_X64 } from "./syscalls-x64.js";

/** The processors that Paddock has walls for, in Node's words (`process.arch`). */
export type SeccompArch = "x64" | "arm64";

/** A system call that exists on at least one of the processors. */
export type SyscallName = keyof typeof SYSCALLS_X64 | keyof typeof SYSCALLS_ARM64;

/** The system calls of each processor by name; a call that a processor lacks is absent. */
export const SYSCALLS: Readonly<Record<SeccompArch, Readonly<Partial<Record<SyscallName, number>>>>> = {
  x64: SYSCALLS_X64,
  arm64: SYSCALLS_ARM64,
};

/** How the kernel names the instruction set of a call. Source: `linux/audit.h`. */
export const AUDIT_ARCH: Readonly<Record<SeccompArch, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

/** The first number of x86-64's second ABI, x32, whose numbers would slip past a filter. Source: `asm/unistd.h`. */
export const X32_FIRST_NUMBER = 0x4000_0000;
