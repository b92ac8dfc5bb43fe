import type { Profile } from "./assemble.js";
import { type Argument, allow, errno, hasNone, int, isMasked, type Rule, when } from "./rules.js";

// Source: `linux/stat.h`, `asm-generic/fcntl.h`, `linux/fs.h`.
const S_ISUID_AND_S_ISGID = 0o6000;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const O_CREAT_AND_O_TMPFILE = 0o100 | 0o20000000;
const RENAME_WHITEOUT = 4;

/**
 * Files that a guest makes must be harmless to whoever meets them outside: a set-uid copy left in a writable
 * bind would run with the guest's uid on the host, where the guest's nosuid mount does not hold.
 */
export const fileRules: Profile = {
  chmod: withoutSetId(int(1)),
  fchmod: withoutSetId(int(1)),
  fchmodat: withoutSetId(int(2)),
  fchmodat2: withoutSetId(int(2)),
  mkdir: withoutSetId(int(1)),
  mkdirat: withoutSetId(int(2)),
  creat: withoutSetId(int(1)),
  open: opensWithoutSetId(int(1), int(2)),
  openat: opensWithoutSetId(int(2), int(3)),
  mknod: makesRegularFile(int(1)),
  mknodat: makesRegularFile(int(2)),
  // A whiteout is a device file, made without the right to make devices.
  renameat2: when(hasNone(int(4), RENAME_WHITEOUT), allow, errno("EINVAL")),
};

function withoutSetId(mode: Argument): Rule {
  return when(hasNone(mode, S_ISUID_AND_S_ISGID), allow, errno("EPERM"));
}

function opensWithoutSetId(flags: Argument, mode: Argument): Rule {
  // Without O_CREAT and O_TMPFILE the kernel ignores the mode, which then holds whatever was in the register.
  const opens = when(hasNone(flags, O_CREAT_AND_O_TMPFILE), allow, errno("EPERM"));
  return when(hasNone(mode, S_ISUID_AND_S_ISGID), allow, opens);
}

function makesRegularFile(mode: Argument): Rule {
  // Named pipes and sockets too: the host would block on opening one in a guest's output.
  const isRegular = when(isMasked(mode, S_IFMT, S_IFREG), allow, errno("EPERM"));
  const isPlain = when(hasNone(mode, S_IFMT), allow, isRegular);
  return when(hasNone(mode, S_ISUID_AND_S_ISGID), isPlain, errno("EPERM"));
}
