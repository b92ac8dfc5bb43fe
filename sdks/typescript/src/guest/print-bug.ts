import { mapStack } from "./mapped-stack.js";

const fs = process.getBuiltinModule("node:fs");

/** Characters of one stack in the log. */
const MAX_STACK_CHARACTERS = 16_000;

/** Writes an error with its stack, in terms of the author's own sources, to stderr. Never throws. */
export function printBug(thrown: unknown): void {
  try {
    const text = thrown instanceof Error ? mapStack(thrown.stack ?? thrown.message) : String(thrown);
    fs.writeSync(2, `${text.slice(0, MAX_STACK_CHARACTERS)}\n`);
  } catch {
    // Nobody reads stderr, or the error resists being printed: the reply matters more.
  }
}
