import type { CallParams, Success } from "./messages.js";

/** How the codec begins every line that has an id. */
const HEAD = '{"jsonrpc":"2.0","id":';
const RESULT = ',"result":';
const CALL = ',"method":"call","params":';

const ZERO = 0x30;
const NINE = 0x39;
const CLOSING_BRACE = 0x7d;
/** Digits of the largest id that is surely a safe integer. */
const MAX_ID_DIGITS = 15;

/**
 * The two lines of nearly all traffic, in the codec's own spelling, without parsing what is around the value:
 * that takes as long as a small value does. Where the rest of the line is one JSON value, so is the whole line,
 * and it means the same; every other line is `undefined` here and goes the long way.
 */
export function readCanonicalSuccess(line: string): Success | undefined {
  const end = endOfId(line);
  if (!line.startsWith(RESULT, end)) return undefined;
  const rest = readRest(line, end + RESULT.length);
  return rest === undefined
    ? undefined
    : { kind: "success", id: Number(line.slice(HEAD.length, end)), result: rest.value };
}

export function readCanonicalCall(
  line: string,
): { readonly id: number; readonly params: CallParams } | undefined {
  const end = endOfId(line);
  if (!line.startsWith(CALL, end)) return undefined;
  const rest = readRest(line, end + CALL.length);
  // Safe: only guests read calls, and they trust the host.
  return rest === undefined
    ? undefined
    : { id: Number(line.slice(HEAD.length, end)), params: rest.value as CallParams };
}

/** Where the positive integer after the head ends; past the end of the line when there is none. */
function endOfId(line: string): number {
  let at = HEAD.length;
  // JSON allows no leading zero.
  if (!line.startsWith(HEAD) || line.charCodeAt(at) === ZERO) return line.length;
  for (let code = line.charCodeAt(at); code >= ZERO && code <= NINE; code = line.charCodeAt(++at));
  return at === HEAD.length || at > HEAD.length + MAX_ID_DIGITS ? line.length : at;
}

/** The value from there to the closing brace. */
function readRest(line: string, at: number): { readonly value: unknown } | undefined {
  if (line.charCodeAt(line.length - 1) !== CLOSING_BRACE) return undefined;
  try {
    return { value: JSON.parse(line.slice(at, -1)) };
  } catch {
    return undefined;
  }
}
