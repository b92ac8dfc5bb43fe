import { type Automaton, type BuildBudget, buildAutomaton } from "./automaton.js";
import { parsePattern } from "./parse-pattern.js";
import { writeProgram } from "./program.js";

/**
 * A pattern of a hostile author, ready to use in time that depends on the length of the text only, or the words
 * that say why not. It means what `new RegExp(source, "u").test(text)` means.
 */
export function compilePattern(source: string, budget: BuildBudget): Automaton | string {
  const part = parsePattern(source);
  if (typeof part === "string") return part;
  const program = writeProgram(part);
  const automaton = program === undefined ? undefined : buildAutomaton(program, budget);
  return automaton ?? "is too complex: use fewer repetitions, choices and character classes";
}
