import type { Profile } from "./assemble.js";
import { allow, errno, hasNone, int, isAnyOf, isMasked, type Rule, when } from "./rules.js";

// Source: `asm-generic/mman.h`, `asm-generic/mman-common.h`.
const MAP_SHARED_AND_ANONYMOUS = 0x01 | 0x20;
const MAP_GROWSDOWN_AND_HUGETLB = 0x0100 | 0x40000;

// Source: `linux/futex.h`: WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAKE_OP, WAIT_BITSET, WAKE_BITSET, each also with
// FUTEX_PRIVATE_FLAG (128) and FUTEX_CLOCK_REALTIME (256).
const FUTEX_COMMANDS = [0, 1, 3, 4, 5, 9, 10];
const FUTEX_OPTIONS = [128, 0, 128 | 256, 256];

/** Memory must be of the kind that RLIMIT_DATA counts, or the guest has no ceiling where there is no cgroup. */
export const memoryRules: Profile = {
  mmap: countedMapping(),
  // Priority-inheriting futexes have been a door into the kernel more than once (CVE-2014-3153); C libraries
  // ask before they use them.
  futex: when(
    isAnyOf(
      int(1),
      FUTEX_OPTIONS.flatMap((option) => FUTEX_COMMANDS.map((command) => command | option)),
    ),
    allow,
    errno("ENOSYS"),
  ),
};

function countedMapping(): Rule {
  // Shared anonymous memory is counted nowhere. Both MAP_SHARED and MAP_SHARED_VALIDATE contain its bit.
  const isShared = when(
    isMasked(int(3), MAP_SHARED_AND_ANONYMOUS, MAP_SHARED_AND_ANONYMOUS),
    errno("EPERM"),
    allow,
  );
  // A mapping that grows down counts as stack, and one of huge pages comes from the machine's own pool.
  return when(hasNone(int(3), MAP_GROWSDOWN_AND_HUGETLB), isShared, errno("EPERM"));
}
