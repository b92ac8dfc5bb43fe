// The last code before a plugin's program: raises the walls that bubblewrap cannot, says so, waits for leave, and executes.
//
//   launch-stub INSTRUCTION_FD REPORT_FD
//
// One program, two stages. Outer, only under a host that is root: started instead of bubblewrap, it mounts what needs
// root in a mount namespace of its own, becomes the plugin's user and executes bubblewrap. Inner, for every guest:
// process 1 of the sandbox, holding a few capabilities of the new user namespace until it drops them.
// It knows no policy: the host sends a list of instructions (encoded by stub-instructions.ts), which is checked whole
// before any of it happens. The first failure writes "failed INDEX ERRNO\n" to REPORT_FD and exits 125.
// EPROTO means that the list itself was refused and nothing was done; no instruction fails with it.
//
// There is no C library below it: nothing it does depends on files, variables or memory that a guest can influence.
// Everything large is static, zeroed by the kernel: a small stack is enough. The story starts at `start`, at the bottom.

#include "init.h"
#include "instruction-list.h"
#include "mapped-mounts.h"
#include "mounts.h"
#include "process.h"
#include "report.h"
#include "system-call.h"
#include "words.h"

static char *environment[ARGUMENTS + 1];

static long perform(void) {
  char **text = current.arguments;
  u64 first = 0, second = 0, third = 0, ids[4];
  switch (current.operation) {
    case OP_PRIVATE_MOUNTS: return make_private_mounts();
    // bubblewrap leaves its mounts slaves of the host's: what is mounted there later would appear in here.
    case OP_SEAL_MOUNTS: return CALL(mount, 0, "/", 0, MS_REC | MS_PRIVATE);
    case OP_BIND_MOUNT: return parse_flags(text[2], &first), bind_mount(text[0], text[1], first);
    case OP_EXT4_IMAGE: return mount_ext4_image(text[0], text[1], text[2]);
    case OP_TMPFS: return CALL(mount, "tmpfs", text[0], "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, text[1]);
    case OP_REMOUNT: return parse_flags(text[1], &first), CALL(mount, 0, text[0], 0, MS_BIND | MS_REMOUNT | first);
    case OP_UNMOUNT: return CALL(umount2, text[0], MNT_DETACH | UMOUNT_NOFOLLOW);
    case OP_WRITE_FILE: return write_file(text[0], text[1], current.lengths[1]);
    case OP_RLIMIT:
      parse_number(text[0], 10, HIGHEST_INT, &first);
      return parse_limit(text[1], &second), parse_limit(text[2], &third), set_limit(first, second, third);
    case OP_IDENTITY:
      parse_number(text[0], 10, HIGHEST_ID, &first);
      return parse_number(text[1], 10, HIGHEST_ID, &second), become(first, second);
    case OP_DROP_CAPABILITIES: return drop_capabilities();
    case OP_NO_NEW_PRIVILEGES: return CALL(prctl, PR_SET_NO_NEW_PRIVS, 1);
    case OP_CLOSE_FROM: return parse_number(text[0], 10, HIGHEST_INT, &first), close_from(first);
    case OP_SECCOMP: return install_seccomp(text[0], current.lengths[0]);
    case OP_DIE_WITH_PARENT: return parse_number(text[0], 10, HIGHEST_INT, &first), die_with_parent(first);
    case OP_CHDIR: return CALL(chdir, text[0]);
    case OP_UMASK: return parse_number(text[0], 8, 0777, &first), CALL(umask, first), 0;
    case OP_ENVIRONMENT:
      for (u32 i = 0; i <= current.count; i++) environment[i] = text[i];
      return 0;
    case OP_READY: return init_child > 0 ? serve_as_init() : wait_for_release();
    case OP_EXECUTE: return CALL(execve, text[0], text + 1, environment);
    case OP_MAKE_DIRECTORY:
      parse_number(text[1], 8, 0777, &first), parse_number(text[2], 10, HIGHEST_ID, &second);
      return parse_number(text[3], 10, HIGHEST_ID, &third), make_directory(text[0], first, second, third);
    case OP_MOVE_MOUNT: return CALL(mount, text[0], text[1], 0, MS_MOVE);
    case OP_JOIN_MOUNTS: return join_mounts(text[0]);
    case OP_CLOSE_AT_EXECUTE: return CALL(fcntl, report_descriptor, F_SETFD, FD_CLOEXEC);
    case OP_FORK_INIT: return fork_init();
    case OP_BIND_MAPPED:
      for (u32 i = 0; i < 4; i++) parse_number(text[3 + i], 10, HIGHEST_ID, &ids[i]);
      return parse_flags(text[2], &first), bind_mapped(text[0], text[1], first, ids);
    default: return -ENOSYS;
  }
}

__attribute__((used)) _Noreturn void start(const long *stack) {
  char *const *arguments = (char *const *)(stack + 1);
  u64 instructions, reports;
  if (stack[0] != 3 || !parse_number(arguments[1], 10, HIGHEST_INT, &instructions) ||
      !parse_number(arguments[2], 10, HIGHEST_INT, &reports) || instructions == reports) {
    leave(EXIT_FAILED);
  }
  report_descriptor = (int)reports;
  struct rlimit64 limit = {0, ~0ULL};
  CALL(prlimit64, 0, RLIMIT_NOFILE, 0, &limit);
  descriptor_limit = limit.rlim_max;
  read_list((long)instructions);
  u32 count = check_list();
  u32 at = LIST_HEADER_BYTES;
  for (u32 index = 0; index < count; index++) {
    at = take_instruction(at);
    long result = perform();
    if (result < 0) fail(index, result);
  }
  leave(EXIT_FAILED);
}
