/** One thing that is wrong with a document somebody wrote. */
export interface Problem {
  /** Where, as `actions.resize.timeout` or `permissions.required[0].hosts`; empty for the document itself. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  /** What was probably meant, when that can be guessed. */
  readonly hint?: string;
}

/** Longest quotation of what was found. */
const MAX_QUOTED_LENGTH = 60;

const PLAIN_KEY = /^[A-Za-z_$][A-Za-z0-9_$-]{0,63}$/;

/** A path as people write it; keys that are not plain words are quoted. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (PLAIN_KEY.test(String(key))) text += text === "" ? String(key) : `.${String(key)}`;
    else text += `[${quote(String(key))}]`;
  }
  return text;
}

/** What was found, short enough for one line and without characters that could disturb a terminal. */
export function formatFound(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function") return "a function";
  return String(value).slice(0, MAX_QUOTED_LENGTH);
}

/** One line about a problem. */
export function formatProblem(problem: Problem): string {
  const where = problem.path === "" ? "" : `${problem.path}: `;
  const isUnknownKey = problem.found.startsWith("unknown key ");
  const hint = problem.hint === undefined ? "" : `; ${problem.hint}`;
  if (isUnknownKey) return `${where}${problem.found}${hint}${hint ? "" : ";"} expected ${problem.expected}.`;
  return `${where}found ${problem.found}, expected ${problem.expected}${hint || "."}`;
}

/** A quotation in printable ASCII and letters: controls and text-direction marks are escaped. */
export function quote(text: string): string {
  const short = text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;
  return JSON.stringify(short).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}
