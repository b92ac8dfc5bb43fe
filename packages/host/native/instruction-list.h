// The list of instructions: read to its end, then checked whole, then taken one by one.
// Little endian: "PDK2", u32 count; each: u8 operation, u16 arguments; each argument: u32 length, bytes, one NUL.
#pragma once

#include <linux/errno.h>
#include <linux/filter.h>

#include "report.h"
#include "words.h"

#define LIST_BYTES (2048 * 1024)
#define LIST_HEADER_BYTES 8
#define ARGUMENTS 16384
#define FILTERS 4096

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
  OP_MAKE_DIRECTORY = 21,
  OP_MOVE_MOUNT = 22,
  OP_JOIN_MOUNTS = 23,
  OP_CLOSE_AT_EXECUTE = 24,
  OP_FORK_INIT = 25,
  OP_BIND_MAPPED = 26,
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
  [OP_MAKE_DIRECTORY] = "toii",  [OP_MOVE_MOUNT] = "tt",
  [OP_JOIN_MOUNTS] = "t",        [OP_CLOSE_AT_EXECUTE] = "", [OP_FORK_INIT] = "",
  [OP_BIND_MAPPED] = "ttfiiii",
};

struct instruction {
  u32 operation;
  u32 count;
  u32 lengths[ARGUMENTS];
  char *arguments[ARGUMENTS + 1];  // Ends with a null pointer, as execve wants it.
};

static u8 list[LIST_BYTES + 1];
static u32 list_length;
static struct instruction current;

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
  if (list_length - at < 3) return 0;
  current.operation = list[at];
  current.count = (u32)list[at + 1] | (u32)list[at + 2] << 8;
  if (current.count > ARGUMENTS) return 0;
  at += 3;
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
  if (shape == 'p') return length > 0 && length % sizeof(struct sock_filter) == 0 && length / sizeof(struct sock_filter) <= FILTERS;
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
  if (list_length < LIST_HEADER_BYTES || !starts_with((char *)list, "PDK2")) fail(0, -EPROTO);
  u32 count = read_u32(4);
  if (count == 0) fail(0, -EPROTO);
  u32 at = LIST_HEADER_BYTES;
  for (u32 index = 0; index < count; index++) {
    at = take_instruction(at);
    if (at == 0 || !is_well_formed()) fail(index, -EPROTO);
    if ((current.operation == OP_EXECUTE) != (index == count - 1)) fail(index, -EPROTO);
  }
  if (at != list_length) fail(count - 1, -EPROTO);
  return count;
}
