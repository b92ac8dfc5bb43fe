// What the stub tells the host, and the two ways it ends without a program.
#pragma once

#include <linux/errno.h>

#include "system-call.h"

#define EXIT_FAILED 125
#define EXIT_NOT_RELEASED 126

static int report_descriptor;

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

static u32 append_text(char *line, u32 at, const char *text) {
  while (*text != 0) line[at++] = *text++;
  return at;
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
