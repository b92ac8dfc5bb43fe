import type { PaddockError } from "@paddock/contract";
import { wrap } from "./format-table.js";
import { type Stream, visible } from "./terminal.js";

/** Room for "error:" before the first line and for the code after the last. */
const MARGIN = 26;

/** An error for people: message, code, then what to do. The stack only for who asks (PADDOCK_DEBUG=1). */
export function formatError(error: PaddockError, stream: Stream, debug = process.env.PADDOCK_DEBUG): string {
  const { colors } = stream;
  const lines = [
    `${colors.red(colors.bold("error:"))} ${fold(error.message, stream)} ${colors.dim(`[${error.code}]`)}`,
  ];
  if (error.hint !== undefined) lines.push(`${colors.cyan("hint:")} ${fold(error.hint, stream)}`);
  if (debug === "1") lines.push(colors.dim(visible(stackOf(error))));
  return `${lines.join("\n")}\n`;
}

/** Broken between words for a person; whole for whoever searches it. */
function fold(text: string, { isTerminal, width }: Stream): string {
  const lines = visible(text).split("\n");
  return (isTerminal ? lines.flatMap((line) => wrap(line, width - MARGIN)) : lines).join("\n");
}

function stackOf(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
