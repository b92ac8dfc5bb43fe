import type { Loot } from "../plugins/stickers/src/attacks.ts";

/** What came of one attack, as its host saw it. */
export interface Outcome {
  /** What the attacker returned; `undefined` when it was stopped. */
  readonly loot: Loot;
  /** What stopped it: a code of the system's or of the host's, and its words. */
  readonly stop: { readonly code: string; readonly words: string } | undefined;
  /** Exit status of the process in which it ran, when that ended. */
  readonly exitCode: number | undefined;
  /** Whether the objects of the process that plays the host have changed. */
  readonly isHostPatched: boolean;
}

/** True when somebody has put a property into every object of this process. */
export function isThisProcessPatched(): boolean {
  return "isAdmin" in {};
}

/** "EPERM" in "spawnSync /bin/sh EPERM": what the system said to the attacker. */
export function findSystemCode(words: string): string | undefined {
  return /\bE[A-Z][A-Z0-9]{2,}\b/.exec(words)?.[0];
}
