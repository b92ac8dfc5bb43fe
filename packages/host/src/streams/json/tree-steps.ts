/** How a JSON value is handed over in pieces: steps that build it, applied in order. */
export type Step =
  /** A small value, whole: the root, or the next one of the open array. */
  | readonly ["value", unknown]
  /** Small values, next in the open array. */
  | readonly ["values", readonly unknown[]]
  /** Small values of the open object: name, value, name, value, … */
  | readonly ["members", readonly unknown[]]
  /** The name of what comes next in the open object. */
  | readonly ["name", string]
  | readonly ["open", "array" | "object"]
  | readonly ["close"]
  /** A long text in parts. */
  | readonly ["text", readonly string[]]
  | readonly ["more-text", string]
  | readonly ["end-text"];

/** What one message carries: about as much as the reader builds in a millisecond. */
export const PIECE_WEIGHT = 1_500;

/** A value that weighs less is handed over whole. */
export const SMALL_WEIGHT = 300;

/** Characters that weigh as much as one value: copying them takes as long. */
export const CHARACTERS_PER_WEIGHT = 64;
