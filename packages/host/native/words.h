// Reads what an argument says. Strict: a number that wraps around could become 0, which is root.
#pragma once

#include <linux/mount.h>

#include "system-call.h"

#define HIGHEST_ID 0xfffffffeULL  // The next number, -1, means "leave as it is" to setresuid: root would stay root.
#define HIGHEST_INT 0x7fffffffULL

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

// Digits only, at least one, and at most `highest`.
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
