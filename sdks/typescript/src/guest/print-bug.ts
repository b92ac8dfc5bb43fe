import { mapStack } from "./mapped-stack.js";

const fs = process.getBuiltinModule("node:fs");

/** Characters of one stack in the log. */
const MAX_STACK_CHARACTERS = 16_000;

/** Writes an error with its stack, in terms of the author's own sources, to stderr. Never throws. */
export function printBug(thrown: unknown): void {
  try {
    const text = thrown instanceof Error ? describe(thrown) : String(thrown);
    fs.writeSync(2, `${text.slice(0, MAX_STACK_CHARACTERS)}\n`);
  } catch {
    // Nobody reads stderr, or the error resists being printed: the reply matters more.
  }
}

/** With the author's frames only, where there are any: between them is the machinery of this file and of Node. */
function describe({ stack, message }: Error): string {
  const lines = (stack ?? message).split("\n");
  const others = lines.filter((line) => !isOurs(line));
  return mapStack((others.some((line) => FRAME.test(line)) ? others : lines).join("\n"));
}

const FRAME = /^ {4}at /;
/** The file that runs: the guest's entry, whole. */
const OURS = process.argv[1] ?? "";

function isOurs(frame: string): boolean {
  return FRAME.test(frame) && (frame.includes("node:internal/") || (OURS !== "" && frame.includes(OURS)));
}
