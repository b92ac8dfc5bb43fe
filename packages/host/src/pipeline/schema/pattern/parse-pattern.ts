/** A pattern as a tree. Atoms match one character and are kept as they are written. */
export type Part =
  | { readonly kind: "atom"; readonly source: string }
  | { readonly kind: "sequence"; readonly parts: readonly Part[] }
  | { readonly kind: "choice"; readonly parts: readonly Part[] }
  | { readonly kind: "repeat"; readonly part: Part; readonly min: number; readonly max: number }
  /** ^ and $: of the whole text. */
  | { readonly kind: "begin" }
  | { readonly kind: "end" };

export const MAX_PATTERN_LENGTH = 512;

/** One character, escape or class of a valid pattern; the pairs of escapes that make one character as one. */
const ATOM =
  /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u\{[\da-fA-F]+\}|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\c[a-zA-Z]|\\[pP]\{[^}]*\}|\\[^1-9bBk]|\[(?:\\[\s\S]|[^\]\\])*\]|[^\\[\](){}|*+?^$]/uy;
const QUANTIFIER = /(?:([*+?])|\{(\d+)(,(\d*))?\})\??/uy;
const GROUP = /\((?:\?:|\?<(?![=!])[^>]*>)?(?!\?)/uy;

interface Cursor {
  readonly text: string;
  at: number;
}

/**
 * Reads an ECMAScript pattern (with the flag u), or says in words what cannot be used. Whatever needs a search
 * back is refused: references, look-arounds, word boundaries.
 */
export function parsePattern(text: string): Part | string {
  if (text.length > MAX_PATTERN_LENGTH) return `is longer than ${MAX_PATTERN_LENGTH} characters`;
  try {
    // V8 parses a pattern when it is made and compiles it when it is used, which never happens here.
    new RegExp(text, "u");
  } catch {
    return "is not a regular expression";
  }
  const cursor = { text, at: 0 };
  const part = readChoice(cursor);
  // What stopped the reading is valid ECMAScript all the same.
  return cursor.at === text.length ? part : "uses a reference, a look-around, a word boundary or a flag";
}

function readChoice(cursor: Cursor): Part {
  const parts = [readSequence(cursor)];
  while (cursor.text[cursor.at] === "|") {
    cursor.at++;
    parts.push(readSequence(cursor));
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: "choice", parts };
}

function readSequence(cursor: Cursor): Part {
  const parts: Part[] = [];
  for (;;) {
    const part = readTerm(cursor);
    if (part === undefined) return { kind: "sequence", parts };
    parts.push(part);
  }
}

function readTerm(cursor: Cursor): Part | undefined {
  if (take(cursor, /\^/uy) !== undefined) return { kind: "begin" };
  if (take(cursor, /\$/uy) !== undefined) return { kind: "end" };
  const part = readAtom(cursor);
  if (part === undefined) return undefined;
  const quantifier = take(cursor, QUANTIFIER);
  return quantifier === undefined ? part : { kind: "repeat", part, ...timesOf(quantifier) };
}

function readAtom(cursor: Cursor): Part | undefined {
  const atom = take(cursor, ATOM);
  if (atom !== undefined) return { kind: "atom", source: atom[0] };
  const before = cursor.at;
  if (take(cursor, GROUP) === undefined) return undefined;
  const part = readChoice(cursor);
  if (take(cursor, /\)/uy) !== undefined) return part;
  cursor.at = before;
  return undefined;
}

function timesOf([, sign, min = "", comma, max = ""]: RegExpExecArray): { min: number; max: number } {
  if (sign === "*") return { min: 0, max: Number.POSITIVE_INFINITY };
  if (sign === "+") return { min: 1, max: Number.POSITIVE_INFINITY };
  if (sign === "?") return { min: 0, max: 1 };
  if (comma === undefined) return { min: Number(min), max: Number(min) };
  return { min: Number(min), max: max === "" ? Number.POSITIVE_INFINITY : Number(max) };
}

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (match === null) return undefined;
  cursor.at = pattern.lastIndex;
  return match;
}
