import { MAX_DEPTH, MAX_INLINE_TOKENS } from "./limits.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * Looks at a line before it is parsed: how many JSON tokens it can hold at most and how deep it nests.
 * Returns what is wrong, or `undefined` when parsing it is cheap and its value is safe to walk.
 * A short line cannot break either bound (a level takes two characters), so it is not looked at.
 */
export function findExcess(
  line: string,
  maxTokens: number = MAX_INLINE_TOKENS,
  maxDepth: number = MAX_DEPTH,
): string | undefined {
  if (line.length <= 2 * maxDepth) return undefined;
  let tokens = 1;
  let depth = 0;
  for (let at = 0; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(line, at);
    } else if (code === COMMA || code === COLON) {
      tokens++;
    } else if ((code | 0x20) === 0x7b /* [ or { */) {
      tokens++;
      if (++depth > maxDepth) return `more than ${maxDepth} levels deep`;
    } else if ((code | 0x20) === 0x7d /* ] or } */) {
      depth--;
    }
    if (tokens > maxTokens) return `more than ${maxTokens} JSON tokens`;
  }
  return undefined;
}

/** Index of the closing quote; of the end where there is none, which the parser will refuse. */
function endOfString(line: string, open: number): number {
  for (let at = line.indexOf('"', open + 1); at !== -1; at = line.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (line.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return line.length;
}
