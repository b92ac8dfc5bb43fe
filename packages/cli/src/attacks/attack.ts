import type { PaddockError } from "@paddock/contract";
import type { GuestLog, Usage } from "@paddock/host";

/** Limits of one attack, as an operator writes them. */
export type AttackLimits = Readonly<Record<string, string | number>>;

/** One plugin that does what none may do, and how to see from outside whether it worked. */
export interface Attack {
  /** Folder of the plugin. */
  readonly name: string;
  /** What it does, after "It". */
  readonly tries: string;
  readonly limits?: AttackLimits;
  /** Lays out on the host what the attack is after. */
  lay(place: Place): Promise<Bait>;
}

export interface Place {
  /** An empty folder of the host's for this attack. */
  readonly folder: string;
  /** Where the host keeps the plugin's data. */
  readonly data: string;
}

export interface Bait {
  /** What the plugin is told. */
  readonly payload: unknown;
  /** What the attack achieved, for people; `undefined` for nothing. */
  damage(seen: Seen): Promise<string | undefined>;
  /** What stopped it, where neither its error nor its own words say so. */
  stoppedBy?(seen: Seen): string;
  /** Takes it away. */
  clear?(): Promise<void>;
}

/** What the host saw of the attack. */
export interface Seen {
  /** What the plugin answered: hostile. */
  readonly loot: readonly string[];
  readonly refused: readonly string[];
  readonly answer: Readonly<Record<string, unknown>>;
  readonly failure: PaddockError | undefined;
  readonly logs: readonly GuestLog[];
  readonly usage: Usage | undefined;
  readonly elapsedMs: number;
}

export interface AttackResult {
  readonly attack: string;
  readonly tries: string;
  readonly isRefused: boolean;
  /** What stopped it: errors of the kernel, or the reason why it was ended; else what it achieved. */
  readonly by: string;
  /** Each thing that was refused, in the attack's own words. */
  readonly refused: readonly string[];
  readonly elapsedMs: number;
}
