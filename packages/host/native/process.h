// Files it prepares, and what the process is and may do: identity, capabilities, limits, descriptors, system calls.
#pragma once

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <linux/signal.h>

#include "words.h"

static u64 descriptor_limit;

static long write_file(const char *path, const char *text, u32 length) {
  long descriptor = CALL(openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return descriptor;
  long written;
  do written = CALL(write, descriptor, text, length);
  while (written == -EINTR);
  CALL(close, descriptor);
  if (written < 0) return written;
  return (u32)written == length ? 0 : -EIO;  // A kernel setting takes one write or none.
}

// Takes an existing directory too, but never a link in its place, and gives it this owner and mode either way.
static long make_directory(const char *path, u64 mode, u64 uid, u64 gid) {
  long result = CALL(mkdirat, AT_FDCWD, path, 0700);
  if (result < 0 && result != -EEXIST) return result;
  long descriptor = CALL(openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return descriptor;
  result = CALL(fchown, descriptor, uid, gid);
  if (result == 0) result = CALL(fchmod, descriptor, mode);
  CALL(close, descriptor);
  return result;
}

static long become(u64 uid, u64 gid) {
  long result = CALL(setgroups, 0, 0);
  if (result == 0) result = CALL(setresgid, gid, gid, gid);
  if (result == 0) result = CALL(setresuid, uid, uid, uid);
  return result;
}

static long drop_capabilities(void) {
  static const struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  static const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
  static const long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                           SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                           SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  long result = 0;
  for (u32 capability = 0; capability < 64 && result == 0; capability++) {
    result = CALL(prctl, PR_CAPBSET_DROP, capability);
  }
  if (result < 0 && result != -EINVAL) return result;  // EINVAL: this kernel knows no further ones.
  result = CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  if (result == 0) result = CALL(prctl, PR_SET_SECUREBITS, bits);
  if (result == 0) result = CALL(capset, &header, none);
  return result;
}

static long set_limit(u64 resource, u64 soft, u64 hard) {
  struct rlimit64 limit = {soft, hard};
  return CALL(prlimit64, 0, resource, &limit);
}

static long close_from(u64 first) {
  long result = CALL(close_range, first, ~0U);
  if (result != -ENOSYS) return result;
  // Before Linux 5.9: up to the limit this process began with, whatever it has been lowered to since.
  for (u64 descriptor = first; descriptor < descriptor_limit && descriptor <= HIGHEST_INT; descriptor++) {
    CALL(close, descriptor);
  }
  return 0;
}

static long install_seccomp(char *program, u32 length) {
  struct sock_fprog filters = {(unsigned short)(length / sizeof(struct sock_filter)), (struct sock_filter *)program};
  return CALL(seccomp, SECCOMP_SET_MODE_FILTER, 0, &filters);
}

// A changed identity clears the death signal, so this comes after `identity`. The host says who the parent is: asking
// for "not process 1" would be wrong where the host itself is process 1, as in a container.
static long die_with_parent(u64 parent) {
  long result = CALL(prctl, PR_SET_PDEATHSIG, SIGKILL);
  if (result < 0) return result;
  return CALL(getppid, 0) == (long)parent ? 0 : -ESRCH;
}
