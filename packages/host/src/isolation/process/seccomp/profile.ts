import type { Profile } from "./assemble.js";
import { descriptorRules } from "./descriptor-rules.js";
import { fileRules } from "./file-rules.js";
import { harmlessCalls } from "./harmless-calls.js";
import { memoryRules } from "./memory-rules.js";
import { processRules } from "./process-rules.js";
import { refusedCalls } from "./refused-calls.js";

/** What the profile of a guest depends on. Everything not granted here is refused to every guest. */
export type GuestProfileOptions = {
  /** May start processes: only with `process.spawn` granted. */
  readonly processes: boolean;
  /** May start threads; Node and Python need them to work at all. */
  readonly threads: boolean;
  /**
   * May make pairs of connected sockets within itself (default false). Python's asyncio wakes itself through
   * one; Node's `child_process` uses them as pipes; Node by itself needs none.
   */
  readonly socketPairs?: boolean;
};

/** The system calls of a guest: an allow-list. */
export function guestProfile({ processes, threads, socketPairs = false }: GuestProfileOptions): Profile {
  return combineProfiles(
    harmlessCalls,
    refusedCalls,
    fileRules,
    memoryRules,
    processRules({ processes, threads }),
    descriptorRules({ socketPairs }),
  );
}

/** Joins profiles that have no call in common; throws where two have, as one of the two rules would be lost. */
export function combineProfiles(...profiles: readonly Profile[]): Profile {
  const entries = profiles.flatMap((profile) => Object.entries(profile));
  const names = entries.map(([name]) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw new RangeError(`Cannot combine profiles: two rules for "${repeated}".`);
  return Object.fromEntries(entries);
}
