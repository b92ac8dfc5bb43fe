import { FOLDER_MAX_PATH_BYTES } from "./folder-bounds.js";

/** Line breaks and marks that turn text around: a name must look in a log and a review like what it is. */
const DECEPTIVE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\\]/u;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Why a file name (its bytes, one per character) cannot be part of a plugin; `undefined` for a good one. */
export function findFaultInName(name: string): string | undefined {
  const text = decodeName(name);
  if (text === undefined) return "its name is not UTF-8";
  return DECEPTIVE.test(text) ? "its name has control characters or a backslash" : undefined;
}

/** The name as text, from bytes read as Latin-1; `undefined` when it is not UTF-8. */
export function decodeName(name: string): string | undefined {
  try {
    return UTF8.decode(Buffer.from(name, "latin1"));
  } catch {
    return undefined;
  }
}

/** The path for a message: what could turn a terminal's text around is escaped. */
export function printable(path: string): string {
  const escapeCharacter = (character: string) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  return path.slice(0, FOLDER_MAX_PATH_BYTES).replace(new RegExp(DECEPTIVE, "gu"), escapeCharacter);
}
