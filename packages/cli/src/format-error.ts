import type { PaddockError } from "@paddock/contract";
import { type Stream, visible } from "./terminal.js";

/** An error for people: message, code, then what to do. The stack only for who asks (PADDOCK_DEBUG=1). */
export function formatError(
  error: PaddockError,
  { colors }: Stream,
  debug = process.env.PADDOCK_DEBUG,
): string {
  const lines = [
    `${colors.red(colors.bold("error:"))} ${visible(error.message)} ${colors.dim(`[${error.code}]`)}`,
  ];
  if (error.hint !== undefined) lines.push(`${colors.cyan("hint:")} ${visible(error.hint)}`);
  if (debug === "1") lines.push(colors.dim(visible(stackOf(error))));
  return `${lines.join("\n")}\n`;
}

function stackOf(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
