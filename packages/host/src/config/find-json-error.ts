/** Where a text stops being JSON, and what could stand there. */
export interface JsonError {
  readonly line: number;
  readonly column: number;
  readonly expected: string;
}

interface Cursor {
  readonly text: string;
  at: number;
}

/** What could stand where reading stopped; `undefined` when it went well. */
type Expected = string | undefined;

/** Deeper text is not followed: nobody writes it, and each level is a stack frame. */
const MAX_DEPTH = 200;
const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in strings.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)\b/y;

/** Finds the first place where a text stops being JSON, which JSON.parse does not always tell. */
export function findJsonError(text: string): JsonError | undefined {
  const cursor = { text, at: 0 };
  const expected = readValue(cursor, 0) ?? (cursor.at === text.length ? undefined : "the end of the file");
  if (expected === undefined) return undefined;
  const before = text.slice(0, cursor.at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, expected };
}

function readValue(cursor: Cursor, depth: number): Expected {
  if (depth > MAX_DEPTH) return "less nesting";
  skip(cursor, SPACE);
  const isRead = skip(cursor, STRING) || skip(cursor, SCALAR);
  const expected = isRead ? undefined : readComposite(cursor, depth);
  if (expected === undefined) skip(cursor, SPACE);
  return expected;
}

function readComposite(cursor: Cursor, depth: number): Expected {
  if (skip(cursor, "[")) return readItems(cursor, "]", () => readValue(cursor, depth + 1));
  if (skip(cursor, "{")) return readItems(cursor, "}", () => readEntry(cursor, depth + 1));
  return "a value";
}

function readItems(cursor: Cursor, end: string, readItem: () => Expected): Expected {
  skip(cursor, SPACE);
  if (skip(cursor, end)) return undefined;
  do {
    const expected = readItem();
    if (expected !== undefined) return expected;
  } while (skip(cursor, ","));
  return skip(cursor, end) ? undefined : `"," or "${end}"`;
}

function readEntry(cursor: Cursor, depth: number): Expected {
  skip(cursor, SPACE);
  if (!skip(cursor, STRING)) return "a key in double quotes";
  skip(cursor, SPACE);
  return skip(cursor, ":") ? readValue(cursor, depth) : '":"';
}

/** Moves past a text or a pattern; says whether it was there. */
function skip(cursor: Cursor, what: string | RegExp): boolean {
  if (typeof what === "string") {
    if (!cursor.text.startsWith(what, cursor.at)) return false;
    cursor.at += what.length;
    return true;
  }
  what.lastIndex = cursor.at;
  const match = what.exec(cursor.text);
  cursor.at += match?.[0].length ?? 0;
  return match !== null;
}
