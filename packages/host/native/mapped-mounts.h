// Mounts in which a guest is whoever owns them on the disk, and nobody else: a grant is worth something to a uid of its own.
#pragma once

#include <linux/errno.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include "mounts.h"
#include "process.h"
#include "words.h"

// Writes "OWNER ID 1" to /proc/PID/NAME: on the disk OWNER, in the mount ID.
static long write_map(long pid, const char *name, u64 owner, u64 id) {
  static char path[40], line[32];
  u32 at = append_number(path, append_text(path, 0, "/proc/"), (u32)pid);
  path[append_text(path, at, name)] = 0;
  at = append_number(line, 0, (u32)owner);
  at = append_number(line, append_text(line, at, " "), (u32)id);
  return write_file(path, line, append_text(line, at, " 1"));
}

// A user namespace is how the kernel is told of such a map; the process that lends it waits only to be killed.
static long open_owner_map(u64 owner_uid, u64 owner_gid, u64 uid, u64 gid) {
  static char path[40];
  long pid = CALL(clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    CALL(prctl, PR_SET_PDEATHSIG, SIGKILL);
    for (;;) CALL(ppoll, 0, 0, 0, 0);
  }
  if (pid < 0) return pid;
  long result = write_map(pid, "/uid_map", owner_uid, uid);
  if (result == 0) result = write_map(pid, "/gid_map", owner_gid, gid);
  u32 at = append_number(path, append_text(path, 0, "/proc/"), (u32)pid);
  path[append_text(path, at, "/ns/user")] = 0;
  if (result == 0) result = CALL(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  CALL(kill, pid, SIGKILL);
  CALL(wait4, pid, 0, __WALL, 0);
  return result;
}

static u64 attributes_of(u64 flags) {
  u64 attributes = flags & MS_RDONLY ? MOUNT_ATTR_RDONLY : 0;
  if (flags & MS_NOSUID) attributes |= MOUNT_ATTR_NOSUID;
  if (flags & MS_NODEV) attributes |= MOUNT_ATTR_NODEV;
  return flags & MS_NOEXEC ? attributes | MOUNT_ATTR_NOEXEC : attributes;
}

// The map is set before the mount is anywhere. Kernels and file systems that know no maps bind it plainly: then the
// guest may do what the permissions allow everybody.
static long bind_mapped(const char *source, const char *target, u64 flags, const u64 *ids) {
  static struct mount_attr attributes;
  long map = open_owner_map(ids[0], ids[1], ids[2], ids[3]);
  if (map < 0) return bind_mount(source, target, flags);
  long tree = CALL(open_tree, AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  attributes.attr_set = attributes_of(flags) | MOUNT_ATTR_IDMAP;
  attributes.propagation = MS_PRIVATE;
  attributes.userns_fd = (u64)map;
  long result = tree < 0 ? tree : CALL(mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes);
  CALL(close, map);
  if (result < 0) {
    if (tree >= 0) CALL(close, tree);
    return bind_mount(source, target, flags);
  }
  result = make_mount_point(source, target);
  if (result == 0) result = CALL(move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
  CALL(close, tree);
  return result;
}
