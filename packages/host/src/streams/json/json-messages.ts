import type { Step } from "./tree-steps.js";

/** One text to be parsed; its bytes go over to the thread. */
export interface JsonJob {
  readonly kind: "parse";
  readonly chunks: readonly Uint8Array[];
  /** JSON Schema that the value must fit, or nothing. */
  readonly schema: unknown;
}

/** What a thread is told: one job after another, and that it may send another piece of its value. */
export type JsonRequest = JsonJob | { readonly kind: "more" };

export interface JsonProblem {
  readonly path: string;
  readonly message: string;
}

export type JsonReply =
  | { readonly kind: "piece"; readonly steps: readonly Step[]; readonly isLast: boolean }
  | { readonly kind: "fault"; readonly words: string }
  | { readonly kind: "excess"; readonly words: string }
  | { readonly kind: "invalid"; readonly problems: readonly JsonProblem[] };
