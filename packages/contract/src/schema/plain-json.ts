import { formatFound, formatPath, type Problem } from "./problem.js";

/** Deepest nesting of a document. */
export const MAX_DOCUMENT_DEPTH = 48;
/** Most values in a document, each use of a YAML alias counted: a small file can expand to billions. */
export const MAX_DOCUMENT_VALUES = 20_000;

/**
 * Looks whether a value is plain, bounded JSON before any schema walks it. Finds the first problem only:
 * what is not JSON is not worth a list.
 */
export function findNotPlainJson(value: unknown): Problem | undefined {
  return walk(value, [], { values: 0 });
}

function walk(value: unknown, path: readonly PropertyKey[], count: { values: number }): Problem | undefined {
  if (++count.values > MAX_DOCUMENT_VALUES) {
    return wrong(path, `more than ${MAX_DOCUMENT_VALUES} values`, "a smaller document");
  }
  if (path.length > MAX_DOCUMENT_DEPTH) {
    return wrong(path.slice(0, 3), `more than ${MAX_DOCUMENT_DEPTH} levels`, "a flatter document");
  }
  if (value === null || typeof value === "string" || typeof value === "boolean" || value === undefined)
    return;
  if (typeof value === "number") {
    return Number.isFinite(value) ? undefined : wrong(path, String(value), "a finite number");
  }
  if (typeof value !== "object") return wrong(path, formatFound(value), "plain JSON");
  if (!Array.isArray(value) && !isPlainObject(value)) return wrong(path, "a special object", "plain JSON");
  for (const key of Object.keys(value)) {
    // Some parsers deliver it as an own key; copied by assignment it would change a prototype.
    if (key === "__proto__") return wrong(path, 'the key "__proto__"', "any other name");
    const at = Array.isArray(value) ? Number(key) : key;
    const problem = walk(Reflect.get(value, key), [...path, at], count);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Not compared with Object.prototype: objects of another realm (a test runner) are plain as well.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function wrong(path: readonly PropertyKey[], found: string, expected: string): Problem {
  return { path: formatPath(path), found, expected };
}
