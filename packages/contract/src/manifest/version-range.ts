/** Versions as far as ranges look at them: major, minor, patch, and whether it is a pre-release. */
type Numbers = readonly [number, number, number];

interface Comparator {
  readonly from: Numbers;
  /** The first version above the range; `undefined` when it is open. */
  readonly below: Numbers | undefined;
}

const COMPARATOR = /^(\^|~|>=|>|<=|<|=)?(0|[1-9]\d{0,8})(?:\.(0|[1-9]\d{0,8}))?(?:\.(0|[1-9]\d{0,8}))?$/;
const VERSION = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(-)?/;
/** Most comparators in one range. */
const MAX_COMPARATORS = 8;
const ZERO: Numbers = [0, 0, 0];

/** Whether a text is a range: comparators (`^1.2`, `~1.2.3`, `>=1`, `1.x` is not one) that all must hold. */
export function isVersionRange(range: string): boolean {
  return parseRange(range) !== undefined;
}

/** Whether a version lies in a range. Pre-releases are in no range: nobody gets one without naming it. */
export function isVersionInRange(version: string, range: string): boolean {
  if (version === range) return true;
  const match = VERSION.exec(version);
  const comparators = parseRange(range);
  if (match === null || match[4] !== undefined || comparators === undefined) return false;
  const numbers: Numbers = [Number(match[1]), Number(match[2]), Number(match[3])];
  return comparators.every(
    ({ from, below }) => compare(numbers, from) >= 0 && (below === undefined || compare(numbers, below) < 0),
  );
}

function parseRange(range: string): readonly Comparator[] | undefined {
  const parts = range.split(" ");
  const comparators = parts.map(parseComparator);
  const isWhole = comparators.every((comparator) => comparator !== undefined);
  return isWhole && parts.length <= MAX_COMPARATORS ? comparators : undefined;
}

function parseComparator(text: string): Comparator | undefined {
  const match = COMPARATOR.exec(text);
  if (match === null) return undefined;
  const [, sign = "=", major = "0", minor, patch] = match;
  const from: Numbers = [Number(major), Number(minor ?? 0), Number(patch ?? 0)];
  // "1.4" alone stands for all of 1.4, so its end is the next minor.
  const next = patch !== undefined ? bump(from, 2) : bump(from, minor !== undefined ? 1 : 0);
  switch (sign) {
    case ">=":
      return { from, below: undefined };
    case ">":
      return { from: next, below: undefined };
    case "<":
      return { from: ZERO, below: from };
    case "<=":
      return { from: ZERO, below: next };
    case "~":
      return { from, below: bump(from, minor === undefined ? 0 : 1) };
    case "^":
      return { from, below: caretEnd(from, minor, patch) };
    default:
      return { from, below: next };
  }
}

/** The first part that is not zero must not change: ^1.2 < 2, ^0.2 < 0.3, ^0.0.3 < 0.0.4. */
function caretEnd(from: Numbers, minor: string | undefined, patch: string | undefined): Numbers {
  if (from[0] > 0 || minor === undefined) return bump(from, 0);
  return bump(from, from[1] > 0 || patch === undefined ? 1 : 2);
}

function bump([major, minor, patch]: Numbers, part: 0 | 1 | 2): Numbers {
  if (part === 0) return [major + 1, 0, 0];
  return part === 1 ? [major, minor + 1, 0] : [major, minor, patch + 1];
}

function compare(a: Numbers, b: Numbers): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
