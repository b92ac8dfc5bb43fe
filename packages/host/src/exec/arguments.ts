import { PaddockError } from "@paddock/contract";
import type { IsolateOptions } from "./options.js";

/** What the launch stub takes in one instruction, the path and a name of ours counted. */
export const MAX_ARGUMENTS = 16_000;
/** Variables, beside those that every program gets. */
export const MAX_VARIABLES = 4_000;
/** Of one argument or variable: MAX_ARG_STRLEN of Linux, less the final NUL. */
const MAX_TEXT_BYTES = 128 * 1024 - 1;
/** Of all of them; the launch stub's list holds other things as well. */
const MAX_ALL_BYTES = 1_536 * 1024;

/** Refuses what cannot be handed over to a program. Throws USAGE_INVALID. */
export function assertHandedOver(argv: unknown, { env, cwd, stdin, signal }: IsolateOptions): void {
  if (!Array.isArray(argv) || argv.length === 0 || !argv.every(isText)) {
    const hint = 'Give an array such as ["python3", "x.py"].';
    throw refused("run that", "the program and its arguments are not a list of texts", hint);
  }
  const variables = readVariables(env);
  // Safe: every one of them was found to be a text.
  const texts = [...(argv as readonly string[]), ...variables.map(([name, text]) => `${name}=${text}`)];
  const sizes = texts.map((text) => Buffer.byteLength(text));
  const hint = "Hand them over in a file or by its standard input, or a few at a time.";
  if (argv.length > MAX_ARGUMENTS)
    throw refused("run that", `${argv.length} arguments are more than ${MAX_ARGUMENTS}`, hint);
  if (variables.length > MAX_VARIABLES)
    throw refused("run that", `${variables.length} variables are more than ${MAX_VARIABLES}`, hint);
  if (Math.max(...sizes) > MAX_TEXT_BYTES || sizes.reduce((sum, size) => sum + size, 0) > MAX_ALL_BYTES)
    throw refused("run that", "its arguments and variables are too long", hint);
  assertKinds(cwd, stdin, signal);
}

/** Before anything runs: what is found out later would leave it running. */
function assertKinds(cwd: unknown, stdin: unknown, signal: unknown): void {
  if (cwd !== undefined && (!isText(cwd) || cwd === ""))
    throw refused("start there", "cwd is no path", "Give a folder as a text.");
  if (stdin !== undefined && typeof stdin !== "string" && !(stdin instanceof Uint8Array))
    throw refused("hand over the input", "stdin is neither text nor bytes", "Give a text or a Uint8Array.");
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw refused("run that", "signal is no AbortSignal", "Give the signal of an AbortController.");
}

function readVariables(env: unknown): readonly (readonly [string, string])[] {
  if (env === undefined) return [];
  const entries: readonly (readonly [string, unknown])[] =
    typeof env === "object" && env !== null && !Array.isArray(env) ? Object.entries(env) : [["", env]];
  return entries.map(([name, text]) => {
    if (isName(name) && isText(text)) return [name, text];
    const hint = "Give an object of texts; names hold no = and are not empty.";
    throw refused("set the environment", "it is not a list of names and texts", hint);
  });
}

function isText(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\0");
}

function isName(name: string): boolean {
  return name !== "" && !/[=\0]/.test(name);
}

function refused(doing: string, state: string, hint: string): PaddockError {
  return new PaddockError("USAGE_INVALID", `Cannot ${doing}: ${state}.`, { hint });
}
