/** What a value is when it is to be told in one line. */
export type Fit = "fits" | "too-large" | "not-json";

/**
 * Whether a value of a plugin's can be told in one line of so many characters. It looks no further than that: writing
 * an answer of megabytes as JSON, only to see how long it is, would hold up everybody.
 */
export function fitsOneLine(value: unknown, maxCharacters: number): Fit {
  const measure = { left: maxCharacters, fit: "fits" as Fit };
  walk(value, measure);
  return measure.fit;
}

interface Measure {
  left: number;
  fit: Fit;
}

/** As deep as the wire's JSON nests, which is bounded. Returns whether to go on. */
function walk(value: unknown, measure: Measure): boolean {
  if (typeof value === "string") return take(value.length + 2, measure);
  if (typeof value === "number") return take(charactersOf(value), measure);
  if (typeof value !== "object" || value === null) return take(String(value).length, measure);
  if (Array.isArray(value)) {
    return take(value.length + 1, measure) && value.every((inner) => walk(inner, measure));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    // Bytes, a stream or a file.
    measure.fit = "not-json";
    return false;
  }
  if (!take(1, measure)) return false;
  // Own names only; `for in` makes no list of them.
  for (const name in value) {
    // Safe: it is a name of this object.
    const inner = (value as Readonly<Record<string, unknown>>)[name];
    if (!take(name.length + 4, measure) || !walk(inner, measure)) return false;
  }
  return true;
}

/** Most numbers are whole, and to write each of them only to count takes long. */
function charactersOf(value: number): number {
  return Number.isSafeInteger(value)
    ? Math.floor(Math.log10(Math.abs(value) + 0.5)) + 1 || 1
    : String(value).length;
}

function take(characters: number, measure: Measure): boolean {
  measure.left -= characters;
  if (measure.left >= 0) return true;
  measure.fit = "too-large";
  return false;
}
