import type { PaddockError } from "@paddock/contract";

/** What a command has to say, for programs and for people. */
export interface Answer {
  /** The one value on standard output with `--json`. */
  readonly json: unknown;
  /** Standard output for people; ends with a newline unless it is empty. */
  readonly text: string;
  /** What people read beside it, on standard error. */
  readonly notes?: string;
  /** There when the command failed: decides the exit status and stands as `error` beside the value's keys. */
  readonly failure?: PaddockError;
  /** Exit status of a program that was run: its own counts, not the table's. */
  readonly status?: number;
}
