import { escapeText } from "@paddock/contract";
import { type Stream, visible } from "./terminal.js";

/**
 * A plugin's answer for people: a text as it is, everything else as JSON. On a terminal, which would obey them,
 * control characters are made visible; a file or a program gets the bytes.
 */
export function formatAnswer(answer: unknown, { isTerminal }: Stream): string {
  if (typeof answer !== "string") return `${printableJson(JSON.stringify(answer ?? null, undefined, 2))}\n`;
  const text = isTerminal ? visible(answer) : answer;
  return text.endsWith("\n") ? text : `${text}\n`;
}

/** Still the same JSON: what a terminal might obey can only stand inside of its strings. */
function printableJson(json: string): string {
  return json.replace(/[^\n\u0020-\u007e]/gu, (character) =>
    escapeText(character) === character ? character : unicodeEscapes(character),
  );
}

function unicodeEscapes(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}
