// What is mounted where, and what may be done there.
#pragma once

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/loop.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/stat.h>

#include "words.h"

// The kernel's headers leave these two out; values from umount(2).
#define MNT_DETACH 2
#define UMOUNT_NOFOLLOW 8

#define LOOP_ATTEMPTS 64

// Slave, not private: unmounting a disk on the host must release it, not leave it busy until the last guest ends.
// Nothing mounted here travels back either way.
static long make_private_mounts(void) {
  long result = CALL(unshare, CLONE_NEWNS);
  return result < 0 ? result : CALL(mount, 0, "/", 0, MS_REC | MS_SLAVE);
}

// The mounts of another process, by its /proc/PID/ns/mnt: where a plugin's data volume stays mounted between guests.
static long join_mounts(const char *path) {
  long descriptor = CALL(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return descriptor;
  long result = CALL(setns, descriptor, CLONE_NEWNS);
  CALL(close, descriptor);
  return result;
}

// A bind takes only from its own mount namespace, and a descriptor from before `unshare` belongs to the old one. This
// finds the same file here, wherever it has been moved to, and refuses whatever else stands at that place by now.
static long reopen_here(const char *source) {
  static char path[4096];
  static struct statx before, after;
  long length = CALL(readlinkat, AT_FDCWD, source, path, sizeof path);
  if (length < 0) return length;
  if (length == sizeof path) return -ENAMETOOLONG;
  path[length] = 0;
  long descriptor = CALL(openat, AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return descriptor;
  long result = CALL(statx, AT_FDCWD, source, 0, STATX_TYPE | STATX_INO, &before);
  if (result < 0) return result;
  result = CALL(statx, descriptor, "", AT_EMPTY_PATH, STATX_TYPE | STATX_INO, &after);
  if (result < 0) return result;
  int same = before.stx_ino == after.stx_ino && before.stx_dev_major == after.stx_dev_major &&
             before.stx_dev_minor == after.stx_dev_minor && (before.stx_mode & S_IFMT) == (after.stx_mode & S_IFMT);
  return same ? descriptor : -ESTALE;
}

// Most targets lie in a fresh tmpfs, where nothing is: a directory goes on a directory, anything else on a file.
static long make_mount_point(const char *source, const char *target) {
  static struct statx kind;
  long result = CALL(statx, AT_FDCWD, source, 0, STATX_TYPE, &kind);
  if (result < 0) return result;
  result = S_ISDIR(kind.stx_mode) ? CALL(mkdirat, AT_FDCWD, target, 0755)
                                  : CALL(mknodat, AT_FDCWD, target, S_IFREG | 0444, 0);
  return result == -EEXIST ? 0 : result;
}

static long bind_mount(const char *source, const char *target, u64 flags) {
  static char reopened[32] = "/proc/self/fd/";
  if (starts_with(source, "/proc/self/fd/")) {
    long descriptor = reopen_here(source);
    if (descriptor < 0) return descriptor;
    reopened[append_number(reopened, 14, (u32)descriptor)] = 0;
    source = reopened;
  }
  long result = make_mount_point(source, target);
  if (result == 0) result = CALL(mount, source, target, 0, MS_BIND);
  // Private: what the host mounts below the source later was never granted, and would come without our flags.
  if (result == 0) result = CALL(mount, 0, target, 0, MS_PRIVATE);
  if (result == 0) result = CALL(mount, 0, target, 0, MS_BIND | MS_REMOUNT | flags);
  return result;
}

static long attach(long device, long image) {
  static struct loop_config config;
  config.fd = (u32)image;
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
  long result = CALL(ioctl, device, LOOP_CONFIGURE, &config);
  if (result != -EINVAL && result != -ENOTTY) return result;
  result = CALL(ioctl, device, LOOP_SET_FD, image);  // Before Linux 5.8.
  if (result < 0) return result;
  result = CALL(ioctl, device, LOOP_SET_STATUS64, &config.info);
  if (result < 0) CALL(ioctl, device, LOOP_CLR_FD, 0);
  return result;
}

// Between asking for a free device and taking it, another process may have taken it: ask again.
static long attach_free_device(long control, long image, char *path) {
  long result = -EBUSY;
  for (u32 attempt = 0; attempt < LOOP_ATTEMPTS && result == -EBUSY; attempt++) {
    long number = CALL(ioctl, control, LOOP_CTL_GET_FREE, 0);
    if (number < 0) return number;
    path[append_number(path, 9, (u32)number)] = 0;
    long device = CALL(openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (device < 0) return device;
    result = attach(device, image);
    if (result == 0) return device;
    CALL(close, device);
  }
  return result;
}

// The lock belongs to the open file, which the loop device keeps until it is detached: two guests can never mount one
// image, even after `kill -9`. So our descriptor may close, and no raw image travels on towards the guest.
static long mount_ext4_image(const char *image_path, const char *target, const char *options) {
  static char device_path[32] = "/dev/loop";
  long image = CALL(openat, AT_FDCWD, image_path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (image < 0) return image;
  long result = CALL(flock, image, LOCK_EX | LOCK_NB);
  if (result < 0) return result;
  long control = CALL(openat, AT_FDCWD, "/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) return control;
  long device = attach_free_device(control, image, device_path);
  CALL(close, control);
  CALL(close, image);
  if (device < 0) return device;
  result = CALL(mount, device_path, target, "ext4", MS_NOSUID | MS_NODEV | MS_NOEXEC, options);
  CALL(close, device);  // Detaches by itself when the mount goes, or now when there is none.
  return result;
}
