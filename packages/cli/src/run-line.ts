import { constants } from "node:os";
import { ERRORS, type PaddockError } from "@paddock/contract";
import { CommanderError } from "commander";
import type { Answer } from "./answer.js";
import { toCommandError } from "./command-error.js";
import { formatError } from "./format-error.js";
import { createProgram } from "./program.js";
import { createTerminal, type Terminal } from "./terminal.js";

/** Runs one command line to its end and resolves with the exit status. Never rejects. */
export async function runLine(args: readonly string[]): Promise<number> {
  const terminal = createTerminal(args);
  ignoreClosedPipes();
  let answer: Answer | undefined;
  try {
    const program = createProgram(terminal, (given) => {
      answer = given;
    });
    await program.parseAsync(args.length === 0 ? ["--help"] : [...args], { from: "user" });
  } catch (error) {
    // Help and the version were printed.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    answer = { json: {}, text: "", failure: toCommandError(error) };
  }
  return answer === undefined ? 0 : deliver(terminal, answer);
}

function deliver(terminal: Terminal, { json, text, notes, failure, status }: Answer): number {
  if (terminal.isJson) {
    // Safe: an answer that can fail is an object; spreading anything else adds nothing.
    const value = failure === undefined ? json : { error: failure.toJSON(), ...(json as object) };
    terminal.out.write(`${JSON.stringify(value ?? null)}\n`);
  } else {
    if (text !== "") terminal.out.write(text);
    if (notes !== undefined) terminal.err.write(notes);
    if (failure !== undefined) terminal.err.write(formatError(failure, terminal.err));
  }
  return failure === undefined ? (status ?? 0) : exitStatus(failure);
}

/** A signal that ended the command is told as shells tell it; everything else by the table of errors. */
function exitStatus({ code, data }: PaddockError): number {
  const signal = code === "CANCELLED" ? data.signal : undefined;
  // Safe: other names than these have no number, which the second half answers.
  const number = constants.signals[signal as NodeJS.Signals];
  return number === undefined ? ERRORS[code].exit : 128 + number;
}

/** `paddock … | head` ends without complaint: the reader has what it wanted. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
