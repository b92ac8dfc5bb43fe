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
// Helpers come first, as C wants them; the story starts at `start`, at the bottom.

#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/loop.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <linux/signal.h>
#include <linux/stat.h>

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

// The kernel's own headers leave these two out; values from umount(2).
#define MNT_DETACH 2
#define UMOUNT_NOFOLLOW 8

#define EXIT_FAILED 125
#define EXIT_NOT_RELEASED 126
#define LIST_BYTES (256 * 1024)
#define ARGUMENTS 255
#define FILTERS 4096
#define LOOP_ATTEMPTS 64
#define HIGHEST_ID 0xfffffffeULL  // The next number, -1, means "leave as it is" to setresuid: root would stay root.
#define HIGHEST_INT 0x7fffffffULL

enum operation {
  OP_PRIVATE_MOUNTS = 1,
  OP_SEAL_MOUNTS = 2,
  OP_BIND_MOUNT = 3,
  OP_EXT4_IMAGE = 4,
  OP_TMPFS = 5,
  OP_REMOUNT = 6,
  OP_UNMOUNT = 7,
  OP_WRITE_FILE = 8,
  OP_RLIMIT = 9,
  OP_IDENTITY = 10,
  OP_DROP_CAPABILITIES = 11,
  OP_NO_NEW_PRIVILEGES = 12,
  OP_CLOSE_FROM = 13,
  OP_SECCOMP = 14,
  OP_DIE_WITH_PARENT = 15,
  OP_CHDIR = 16,
  OP_UMASK = 17,
  OP_ENVIRONMENT = 18,
  OP_READY = 19,
  OP_EXECUTE = 20,
  OP_COUNT
};

// What each operation's arguments are, one letter each: t text, f mount flags, i user or group id, n number,
// l limit, o octal mode, d first descriptor to close, p seccomp program; * any number of further texts.
static const char *const shapes[OP_COUNT] = {
  [OP_PRIVATE_MOUNTS] = "",      [OP_SEAL_MOUNTS] = "",      [OP_BIND_MOUNT] = "ttf",     [OP_EXT4_IMAGE] = "ttt",
  [OP_TMPFS] = "tt",             [OP_REMOUNT] = "tf",        [OP_UNMOUNT] = "t",          [OP_WRITE_FILE] = "tt",
  [OP_RLIMIT] = "nll",           [OP_IDENTITY] = "ii",       [OP_DROP_CAPABILITIES] = "", [OP_NO_NEW_PRIVILEGES] = "",
  [OP_CLOSE_FROM] = "d",         [OP_SECCOMP] = "p",         [OP_DIE_WITH_PARENT] = "n",  [OP_CHDIR] = "t",
  [OP_UMASK] = "o",              [OP_ENVIRONMENT] = "*",     [OP_READY] = "",             [OP_EXECUTE] = "tt*",
};

struct instruction {
  u32 operation;
  u32 count;
  u32 lengths[ARGUMENTS];
  char *arguments[ARGUMENTS + 1];  // Ends with a null pointer, as execve wants it.
};

// Everything large lives here, zeroed by the kernel: a small stack is enough, and nothing needs memset.
static u8 list[LIST_BYTES + 1];
static u32 list_length;
static struct instruction current;
static char *environment[ARGUMENTS + 1];
static int report_descriptor;
static u64 descriptor_limit;

#define CALL(name, ...) CALL_PADDED(name, __VA_ARGS__, 0, 0, 0, 0, 0)
#define CALL_PADDED(name, a, b, c, d, e, ...) \
  system_call(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

#if defined(__x86_64__)
static long system_call(long number, long a, long b, long c, long d, long e) {
  long result;
  register long fourth __asm__("r10") = d;
  register long fifth __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
                   : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start: xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
#elif defined(__aarch64__)
static long system_call(long number, long a, long b, long c, long d, long e) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}
__asm__(".globl _start\n_start: mov x29, #0\n mov x30, #0\n mov x0, sp\n bl start\n");
#else
#error "The launch stub knows x86-64 and arm64."
#endif

// ---- words

static u32 text_length(const char *text) {
  u32 length = 0;
  while (text[length]) length++;
  return length;
}

static int starts_with(const char *text, const char *start) {
  while (*start)
    if (*text++ != *start++) return 0;
  return 1;
}

// Digits only, at least one, at most `highest`: a number that wraps around could become 0, which is root.
static int parse_number(const char *text, u32 base, u64 highest, u64 *value) {
  *value = 0;
  if (!*text) return 0;
  for (; *text; text++) {
    u32 digit = (u8)*text - (u32)'0';
    if (digit >= base || *value > (highest - digit) / base) return 0;
    *value = *value * base + digit;
  }
  return 1;
}

static int parse_limit(const char *text, u64 *value) {
  if (starts_with(text, "unlimited") && !text[9]) return *value = ~0ULL, 1;
  return parse_number(text, 10, ~0ULL, value);
}

static int parse_flags(const char *text, u64 *flags) {
  static const struct { const char *name; u32 flag; } known[] = {
    {"ro", MS_RDONLY}, {"nosuid", MS_NOSUID}, {"nodev", MS_NODEV}, {"noexec", MS_NOEXEC},
  };
  *flags = 0;
  while (*text) {
    u32 length = 0;
    for (u32 i = 0; i < 4 && !length; i++) {
      u32 end = text_length(known[i].name);
      if (!starts_with(text, known[i].name) || (text[end] && text[end] != ',')) continue;
      *flags |= known[i].flag;
      length = end;
    }
    if (!length) return 0;
    text += length;
    if (*text && !*++text) return 0;
  }
  return 1;
}

// ---- the report

static _Noreturn void leave(int status) {
  for (;;) CALL(exit_group, status);
}

static void report(const char *text, u32 length) {
  while (length > 0) {
    long written = CALL(write, report_descriptor, text, length);
    if (written == -EINTR) continue;
    if (written <= 0) return;  // Nobody listens; the exit status still tells.
    text += written;
    length -= (u32)written;
  }
}

static u32 append_number(char *line, u32 at, u32 number) {
  u32 unit = 1;
  while (number / unit >= 10) unit *= 10;
  for (; unit > 0; unit /= 10) line[at++] = (char)('0' + number / unit % 10);
  return at;
}

static _Noreturn void fail(u32 index, long result) {
  static char line[40] = "failed ";
  u32 length = append_number(line, 7, index);
  line[length++] = ' ';
  length = append_number(line, length, (u32)-result);
  line[length++] = '\n';
  report(line, length);
  leave(EXIT_FAILED);
}

// ---- mounts

// Slave, not private: unmounting a disk on the host must release it, not leave it busy until the last guest ends.
// Nothing mounted here travels back either way.
static long make_private_mounts(void) {
  long result = CALL(unshare, CLONE_NEWNS);
  return result < 0 ? result : CALL(mount, 0, "/", 0, MS_REC | MS_SLAVE);
}

// Opens what a descriptor from before `unshare` names again in this mount namespace, the only one that a bind may
// take from. A file that has been swapped or moved since the host checked it is refused, not followed.
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

static long bind_mount(const char *source, const char *target, u64 flags) {
  static char reopened[32] = "/proc/self/fd/";
  if (starts_with(source, "/proc/self/fd/")) {
    long descriptor = reopen_here(source);
    if (descriptor < 0) return descriptor;
    reopened[append_number(reopened, 14, (u32)descriptor)] = 0;
    source = reopened;
  }
  long result = CALL(mount, source, target, 0, MS_BIND);
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

// ---- the process

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

// Takes exactly one byte: what follows it on a shared channel belongs to the program.
static long wait_for_release(void) {
  char answer = 0;
  report("ready\n", 6);
  long count;
  do count = CALL(read, report_descriptor, &answer, 1);
  while (count == -EINTR);
  if (count != 1 || answer != 'G') leave(EXIT_NOT_RELEASED);
  return 0;
}

// ---- the list

static void read_list(long descriptor) {
  for (;;) {
    long count = CALL(read, descriptor, list + list_length, sizeof list - list_length);
    if (count == -EINTR) continue;
    if (count < 0) fail(0, -EPROTO);
    if (count == 0) break;
    list_length += (u32)count;
    if (list_length > LIST_BYTES) fail(0, -EPROTO);
  }
  CALL(close, descriptor);
}

static u32 read_u32(u32 at) {
  return (u32)list[at] | (u32)list[at + 1] << 8 | (u32)list[at + 2] << 16 | (u32)list[at + 3] << 24;
}

// Puts the instruction at `at` into `current` and returns where the next one begins, or 0 when it is cut off.
// `list_length - at` never wraps: `at` is at most `list_length` throughout.
static u32 take_instruction(u32 at) {
  if (list_length - at < 2) return 0;
  current.operation = list[at];
  current.count = list[at + 1];
  at += 2;
  for (u32 i = 0; i < current.count; i++) {
    if (list_length - at < 4) return 0;
    u32 length = read_u32(at);
    at += 4;
    if (list_length - at <= length || list[at + length] != 0) return 0;
    current.lengths[i] = length;
    current.arguments[i] = (char *)list + at;
    at += length + 1;
  }
  current.arguments[current.count] = 0;
  return at;
}

static int is_argument(char shape, const char *text, u32 length) {
  u64 value;
  if (shape == 'p') return length > 0 && length % sizeof(struct sock_filter) == 0 && length / 8 <= FILTERS;
  if (text_length(text) != length) return 0;  // A NUL inside: what the host checked is not what the kernel would see.
  switch (shape) {
    case 't': return 1;
    case 'f': return parse_flags(text, &value);
    case 'i': return parse_number(text, 10, HIGHEST_ID, &value);
    case 'n': return parse_number(text, 10, HIGHEST_INT, &value);
    case 'l': return parse_limit(text, &value);
    case 'o': return parse_number(text, 8, 0777, &value);
    case 'd': return parse_number(text, 10, HIGHEST_INT, &value) && value > (u64)report_descriptor;
    default: return 0;
  }
}

static int is_well_formed(void) {
  if (current.operation == 0 || current.operation >= OP_COUNT) return 0;
  const char *shape = shapes[current.operation];
  for (u32 i = 0; i < current.count; i++) {
    if (!is_argument(*shape == '*' ? 't' : *shape, current.arguments[i], current.lengths[i])) return 0;
    if (*shape != '*') shape++;
  }
  return *shape == 0 || *shape == '*';
}

// Returns the number of instructions; a list that is not entirely right never gets that far.
static u32 check_list(void) {
  if (list_length < 8 || !starts_with((char *)list, "PDK1")) fail(0, -EPROTO);
  u32 count = read_u32(4);
  if (count == 0) fail(0, -EPROTO);
  u32 at = 8;
  for (u32 index = 0; index < count; index++) {
    at = take_instruction(at);
    if (at == 0 || !is_well_formed()) fail(index, -EPROTO);
    if ((current.operation == OP_EXECUTE) != (index == count - 1)) fail(index, -EPROTO);
  }
  if (at != list_length) fail(count - 1, -EPROTO);
  return count;
}

static long perform(void) {
  char **text = current.arguments;
  u64 first = 0, second = 0, third = 0;
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
    case OP_READY: return wait_for_release();
    case OP_EXECUTE: return CALL(execve, text[0], text + 1, environment);
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
  u32 at = 8;
  for (u32 index = 0; index < count; index++) {
    at = take_instruction(at);
    long result = perform();
    if (result < 0) fail(index, result);
  }
  leave(EXIT_FAILED);
}
