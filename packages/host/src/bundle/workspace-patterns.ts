/** More than any workspace lists; with more, nothing is a member. */
export const WORKSPACE_MAX_PATTERNS = 1_000;

/** A workspace's list of members, as npm, yarn and pnpm write it. */
export interface WorkspacePatterns {
  readonly included: readonly (readonly string[])[];
  readonly excluded: readonly (readonly string[])[];
}

const NONE: WorkspacePatterns = { included: [], excluded: [] };

/** Syntax that is not understood here: braces, classes, escapes. */
const UNKNOWN_SYNTAX = /[?[\]{}()|\\]/;

/** Anything but text is left out. What is not understood includes nothing, or excludes everything. */
export function parseWorkspacePatterns(list: readonly unknown[]): WorkspacePatterns {
  if (list.length > WORKSPACE_MAX_PATTERNS) return NONE;
  const texts = list.filter((each) => typeof each === "string");
  const negated = texts.filter((text) => text.startsWith("!")).map((text) => text.slice(1));
  return {
    included: texts.filter((text) => !text.startsWith("!") && !UNKNOWN_SYNTAX.test(text)).map(segmentsOf),
    excluded: negated.map((text) => (UNKNOWN_SYNTAX.test(text) ? ["**"] : segmentsOf(text))),
  };
}

/**
 * True for a path, relative to the workspace's root, that a pattern includes and none excludes. Stricter than npm,
 * where a later pattern takes back an exclusion; like all of them, never true below a `node_modules`.
 */
export function matchesWorkspace(path: string, patterns: WorkspacePatterns): boolean {
  const names = path.split("/");
  if (names.includes("node_modules") || names.includes("..") || path === "") return false;
  const isExcluded = patterns.excluded.some((pattern) => matchesPath(names, pattern, () => true));
  return !isExcluded && patterns.included.some((pattern) => matchesPath(names, pattern, isVisible));
}

/** As everywhere with globs, a star stands for no hidden folder. */
function isVisible(name: string): boolean {
  return !name.startsWith(".");
}

function segmentsOf(pattern: string): readonly string[] {
  return pattern.split("/").filter((segment) => segment !== "" && segment !== ".");
}

function matchesPath(
  names: readonly string[],
  pattern: readonly string[],
  isStarFor: (name: string) => boolean,
): boolean {
  const fits = (name: string, segment: string) =>
    name === segment ||
    (segment.includes("*") &&
      (segment.startsWith(".") || isStarFor(name)) &&
      matchesSequence([...name], [...segment], "*", (one, other) => one === other));
  return matchesSequence(names, pattern, "**", fits, isStarFor);
}

/**
 * The usual match with gaps of any length. It goes back to the last gap only, so that a list of a hundred gaps
 * takes no longer than the product of both lengths.
 */
function matchesSequence(
  items: readonly string[],
  pattern: readonly string[],
  gap: string,
  fits: (item: string, part: string) => boolean,
  mayFillGap: (item: string) => boolean = () => true,
): boolean {
  let [at, next] = [0, 0];
  let back: { at: number; readonly next: number } | undefined;
  for (let item = items[at]; item !== undefined; item = items[at]) {
    const part = pattern[next];
    if (part === gap) {
      next += 1;
      back = { at, next };
    } else if (part !== undefined && fits(item, part)) {
      at += 1;
      next += 1;
    } else {
      const filled = back === undefined ? undefined : items[back.at];
      if (back === undefined || filled === undefined || !mayFillGap(filled)) return false;
      back.at += 1;
      ({ at, next } = back);
    }
  }
  return pattern.slice(next).every((part) => part === gap);
}
