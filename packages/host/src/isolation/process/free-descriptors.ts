import { closeSync, openSync } from "node:fs";

/** What starting a process takes besides its pipes: the one that reports a failed exec, and threads at work. */
const MORE_DESCRIPTORS = 6;

/**
 * Throws EMFILE unless a process with so many pipes can be started now. Node forgets the ends of the pipes when
 * the descriptors run out at the very last one: such a host would lose some more of them with every attempt.
 */
export function assertFreeDescriptors(pipes: number): void {
  const taken: number[] = [];
  try {
    while (taken.length < 2 * pipes + MORE_DESCRIPTORS) taken.push(openSync("/dev/null", "r"));
  } finally {
    for (const descriptor of taken) closeSync(descriptor);
  }
}
