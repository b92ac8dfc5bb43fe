import { type Alphabet, createAlphabet } from "./alphabet.js";
import type { Program } from "./program.js";

/** What several patterns together may still cost to build. */
export interface BuildBudget {
  steps: number;
}

/** Visits of steps while the patterns of one schema are built: 30 ms on a slow machine. */
export const MAX_BUILD_STEPS = 100_000;
/** Entries of one pattern's table. */
export const MAX_TABLE = 65_536;

const ACCEPT = 0;
const DEAD = 1;

/** Where one can stand at once, without going over a character. */
interface Standing {
  readonly atoms: readonly number[];
  readonly accepts: boolean;
  readonly acceptsAtEnd: boolean;
}

/** Tells whether a pattern matches somewhere in a text: one look into a table for each character, whatever the two are. */
export type Automaton = (text: string) => boolean;

/** Builds the whole table beforehand; `undefined` when that would cost more than the budget has. */
export function buildAutomaton(program: Program, budget: BuildBudget): Automaton | undefined {
  const alphabet = createAlphabet(program);
  if (alphabet === undefined) return undefined;
  const width = alphabet.kinds.length;
  const indexes = new Map<string, number>();
  const standings: Standing[] = [];
  const table: number[] = [];
  const first = indexOf(stand(program, [program.start], true, budget));
  for (let at = 2; at < standings.length; at++) {
    if (standings.length * width > MAX_TABLE || budget.steps < 0) return undefined;
    const { atoms } = standings[at] ?? { atoms: [] };
    for (let kind = 0; kind < width; kind++) {
      table[at * width + kind] = indexOf(stand(program, move(program, alphabet, atoms, kind), false, budget));
    }
  }
  if (budget.steps < 0) return undefined;
  return run(
    alphabet,
    Uint16Array.from(table, (index) => index ?? DEAD),
    first,
    standings.map((one) => one.acceptsAtEnd),
  );

  function indexOf(standing: Standing): number {
    if (standings.length === 0)
      standings.push({ ...standing, acceptsAtEnd: true }, { ...standing, acceptsAtEnd: false });
    if (standing.accepts) return ACCEPT;
    if (standing.atoms.length === 0 && !standing.acceptsAtEnd) return DEAD;
    const key = `${standing.acceptsAtEnd} ${standing.atoms}`;
    const index = indexes.get(key) ?? standings.push(standing) - 1;
    indexes.set(key, index);
    return index;
  }
}

function run(
  alphabet: Alphabet,
  table: Uint16Array,
  first: number,
  acceptsAtEnd: readonly boolean[],
): Automaton {
  const width = alphabet.kinds.length;
  return (text) => {
    let state = first;
    for (let at = 0; at < text.length && state > DEAD; at++) {
      // Safe: `at` is inside the text.
      const code = text.codePointAt(at) as number;
      if (code > 0xffff) at++;
      state = table[state * width + alphabet.kindOf(code)] ?? DEAD;
    }
    return acceptsAtEnd[state] === true;
  };
}

/** Over one character of a kind; a match may begin anywhere, so the start is always among the targets. */
function move(
  program: Program,
  { atoms, kinds }: Alphabet,
  from: readonly number[],
  kind: number,
): readonly number[] {
  const bits = kinds[kind] ?? 0;
  const targets = [program.start];
  for (const at of from) {
    const step = program.steps[at];
    if (step?.kind === "atom" && (bits >> (atoms.get(step.source) ?? 0)) & 1) targets.push(step.next);
  }
  return targets;
}

function stand(program: Program, from: readonly number[], isBegin: boolean, budget: BuildBudget): Standing {
  const seen = reach(program, from, isBegin, false, budget);
  const atEnd = reach(program, from, isBegin, true, budget);
  return {
    atoms: [...seen].filter((at) => program.steps[at]?.kind === "atom").sort((a, b) => a - b),
    accepts: seen.has(0),
    acceptsAtEnd: atEnd.has(0),
  };
}

/** All steps that can be reached without a character. Step 0 is the match. */
function reach(
  { steps }: Program,
  from: readonly number[],
  isBegin: boolean,
  isEnd: boolean,
  budget: BuildBudget,
): ReadonlySet<number> {
  const seen = new Set<number>(from);
  for (const at of seen) {
    if (--budget.steps < 0) break;
    const step = steps[at];
    if (step?.kind === "fork") for (const next of step.next) seen.add(next);
    else if ((step?.kind === "begin" && isBegin) || (step?.kind === "end" && isEnd)) seen.add(step.next);
  }
  return seen;
}
