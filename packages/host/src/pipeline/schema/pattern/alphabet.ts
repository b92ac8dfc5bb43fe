import type { Program } from "./program.js";

/** Different atoms of a pattern that may match characters beyond ASCII in ways only V8 knows. */
export const MAX_OPEN_ATOMS = 6;
/** Different atoms of a pattern: a set of them is the bits of a number. */
export const MAX_ATOMS = 30;

const ASCII = 128;
const BMP = 65_536;
/** A class of ASCII characters: not negated, no escapes but those for ASCII. */
const ASCII_CLASS = /^\[(?!\^)(?:[ -[\]-~]|\\[dw]|\\[!-/:-@[-`{-~])*\]$/;

/**
 * The characters as a pattern tells them apart: each belongs to a kind, all of one kind match the same atoms.
 * Atoms are asked one character at a time, of V8's own regular expressions, so that they mean what they mean
 * everywhere else and nothing is searched.
 */
export interface Alphabet {
  /** Index of the bit of each atom. */
  readonly atoms: ReadonlyMap<string, number>;
  /** For each kind the bits of the atoms that match it. */
  readonly kinds: readonly number[];
  kindOf(codePoint: number): number;
}

/** `undefined` when the pattern has too many different atoms. */
export function createAlphabet({ steps }: Program): Alphabet | undefined {
  const sources = new Set(steps.flatMap((step) => (step.kind === "atom" ? [step.source] : [])));
  const atoms = new Map([...sources].map((source, bit) => [source, bit]));
  const literals = new Map([...sources].map((source) => [source, literalOf(source)]));
  const open = [...sources].filter(
    (source) => literals.get(source) === undefined && !ASCII_CLASS.test(source),
  );
  if (atoms.size > MAX_ATOMS || open.length > MAX_OPEN_ATOMS) return undefined;

  const tests = [...sources].map((source) => new RegExp(`^(?:${source})$`, "u"));
  const openTests = open.map((source) => ({
    bit: 1 << (atoms.get(source) ?? 0),
    test: tests[atoms.get(source) ?? 0],
  }));
  const kinds: number[] = [];
  const kindByBits = new Map<number, number>();
  const exact = new Map<number, number>();
  for (const code of [...Array(ASCII).keys(), ...literals.values()]) {
    if (code !== undefined) exact.set(code, kindFor(bitsOf(code)));
  }
  const asciiKinds = Uint16Array.from({ length: ASCII }, (_, code) => exact.get(code) ?? 0);
  // Every way in which the open atoms may agree, whether there is such a character or not.
  const openKinds = Uint16Array.from({ length: 1 << open.length }, (_, choice) =>
    kindFor(openTests.reduce((bits, { bit }, at) => ((choice >> at) & 1 ? bits | bit : bits), 0)),
  );
  /** Kind + 1 of characters that were asked before. */
  const known = new Uint16Array(open.length > 0 ? BMP : 0);

  return {
    atoms,
    kinds,
    kindOf(code) {
      if (code < ASCII) return asciiKinds[code] ?? 0;
      const remembered = known[code] ?? 0;
      if (remembered > 0) return remembered - 1;
      const kind = exact.get(code) ?? openKinds[open.length === 0 ? 0 : openChoiceOf(code)] ?? 0;
      if (code < known.length) known[code] = kind + 1;
      return kind;
    },
  };

  function kindFor(bits: number): number {
    const kind = kindByBits.get(bits) ?? kinds.push(bits) - 1;
    kindByBits.set(bits, kind);
    return kind;
  }

  function bitsOf(code: number): number {
    const character = String.fromCodePoint(code);
    return tests.reduce((bits, test, at) => (test.test(character) ? bits | (1 << at) : bits), 0);
  }

  function openChoiceOf(code: number): number {
    const character = String.fromCodePoint(code);
    return openTests.reduce(
      (choice, { test }, at) => (test?.test(character) ? choice | (1 << at) : choice),
      0,
    );
  }
}

/** The one character that an atom stands for, when it is written as itself or as an escape of its number. */
function literalOf(source: string): number | undefined {
  if (source === ".") return undefined;
  if (!source.startsWith("\\")) return source.startsWith("[") ? undefined : source.codePointAt(0);
  const hex = /^\\(?:u\{([\da-fA-F]+)\}|[ux]([\da-fA-F]+))$/.exec(source);
  if (hex !== null) return Number.parseInt(hex[1] ?? hex[2] ?? "", 16);
  const pair = /^\\u([\da-fA-F]{4})\\u([\da-fA-F]{4})$/.exec(source);
  if (pair !== null)
    return String.fromCharCode(...pair.slice(1).map((half) => Number.parseInt(half, 16))).codePointAt(0);
  // Escaped punctuation and controls are ASCII and asked of V8 there; they match nothing else.
  return /^\\[dDsSwWpP]/.test(source) && source !== "\\d" && source !== "\\w" ? undefined : 0;
}
