import type { LaunchPlan } from "../launch-plan.js";
import type { Seen } from "../seen.js";
import type { StubInstruction } from "../stub-instructions.js";

/**
 * One kernel idea: how bubblewrap is told to raise it, what the launch stub adds from inside, and how the
 * waiting process is read back. `check` returns what the kernel says, for people, or throws a
 * `WallDifference` when that is not what was asked.
 */
export interface WallDefinition {
  readonly name: string;
  readonly bubblewrap?: (plan: LaunchPlan) => readonly string[];
  readonly stub?: (plan: LaunchPlan) => readonly StubInstruction[];
  readonly check: (plan: LaunchPlan, seen: Seen) => string;
}

export class WallDifference extends Error {
  readonly expected: string;
  readonly found: string;

  constructor(expected: string, found: string) {
    super(`expected ${expected}, found ${found}`);
    this.expected = expected;
    this.found = found;
  }
}

/** Throws unless both are the same. */
export function expectSame(
  what: string,
  expected: string | number,
  found: string | number | undefined,
): void {
  if (expected !== found) throw new WallDifference(`${what} ${expected}`, String(found ?? "nothing"));
}
