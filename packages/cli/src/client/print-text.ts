import { escapeText } from "@paddock/contract";

/** Characters of a description that are kept. */
const MAX_COMMENT_CHARACTERS = 600;

/** A text as a literal of TypeScript: nothing in it can end the literal or the line, or hide from a reader. */
export function printString(text: string): string {
  return JSON.stringify(text).replace(/[^\x20-\x7e]/g, escapeUnit);
}

/** A name as the key of a type or an object. */
export function printKey(name: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) && name !== "__proto__" ? name : printString(name);
}

/** A comment for a type or a member, with `indent` before each line; empty where there is nothing to say. */
export function printComment(texts: readonly (string | undefined)[], indent = ""): string {
  const lines = texts
    .filter((text) => text !== undefined && text.trim() !== "")
    .flatMap((text = "") => text.slice(0, MAX_COMMENT_CHARACTERS).split(/\r\n|[\r\n\u2028\u2029]/))
    .map((line) => safe(line).trimEnd());
  if (lines.length === 0) return "";
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
}

/** Guest's words inside a comment: they cannot end it, and cannot be a directive to the compiler or an editor. */
function safe(line: string): string {
  return escapeText(line)
    .replaceAll("*/", "*\\/")
    .replaceAll(/@(?=\w)/g, "@ ")
    .replaceAll("`", "'");
}

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
