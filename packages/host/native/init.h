// Process 1 of a guest that may start others: it collects the dead, and takes everybody along when the program ends.
// As process 1 the program itself would not feel signals, and would have to collect what its children left.
#pragma once

#include <linux/signal.h>
#include <linux/wait.h>

#include "process.h"
#include "report.h"
#include "system-call.h"

static long init_child;

// Both go on through the list, so that every later wall stands around both; at the gate they part.
static long fork_init(void) {
  init_child = CALL(clone, SIGCHLD, 0, 0, 0, 0);
  return init_child < 0 ? init_child : 0;
}

// Holds nothing open: an end of file must not wait for it.
static _Noreturn long serve_as_init(void) {
  close_from(0);
  for (;;) {
    int status = 0;
    long ended = CALL(wait4, -1, &status, __WALL, 0);
    if (ended == -EINTR || (ended > 0 && ended != init_child)) continue;
    if (ended < 0) leave(EXIT_FAILED);
    leave((status & 0x7f) == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f));
  }
}
