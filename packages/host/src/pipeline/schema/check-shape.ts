import { formatFound, formatPath, nearestName, quote } from "@paddock/contract";
import { KEYWORDS, type Keyword, REF_PATTERN } from "./keywords.js";
import { type Inner, innerSchemas, isRecord } from "./schema-tree.js";

/** Schemas in a schema, as it is written: what makes compiling it take long. */
export const MAX_SCHEMAS = 500;
/** Schemas inside one another, and values inside one another in `const`, `enum`, `default` and `examples`. */
export const MAX_SCHEMA_DEPTH = 32;

const TOP_ONLY = ["$defs", "$schema"];

/** Keyword by keyword: everything known, of the right kind, and not too much of it. Finds `most` problems. */
export function checkShape(root: unknown, most: number): readonly string[] {
  const problems: string[] = [];
  let schemas = 0;
  visit(root, [], 0);
  return problems;

  function report(path: readonly PropertyKey[], problem: string): void {
    if (problems.length < most)
      problems.push(path.length === 0 ? problem : `${formatPath(path)}: ${problem}`);
  }

  function visit(schema: unknown, path: readonly PropertyKey[], depth: number): void {
    if (++schemas > MAX_SCHEMAS) {
      if (schemas === MAX_SCHEMAS + 1) report([], `it has more than ${MAX_SCHEMAS} schemas`);
      return;
    }
    if (depth > MAX_SCHEMA_DEPTH) {
      report(path.slice(0, 3), `it is more than ${MAX_SCHEMA_DEPTH} levels deep`);
    } else if (isRecord(schema)) {
      for (const [keyword, value] of Object.entries(schema)) visitKeyword(keyword, value, path, depth);
    } else if (typeof schema !== "boolean") {
      report(path, `found ${formatFound(schema)}, expected a schema`);
    }
  }

  function visitKeyword(keyword: string, value: unknown, path: readonly PropertyKey[], depth: number): void {
    const known = KEYWORDS.get(keyword);
    if (known === undefined) {
      report(path, describeUnknown(keyword));
    } else if (TOP_ONLY.includes(keyword) && depth > 0) {
      report(path, `${keyword} may be at the top only`);
    } else if ("takes" in known) {
      const problem = findWrongValue(keyword, known, value);
      if (problem !== undefined) report([...path, keyword], problem);
    } else {
      const inner = innerSchemas(keyword, value);
      if (inner === undefined) {
        report([...path, keyword], `found ${formatFound(value)}, expected a ${known.holds}`);
      }
      for (const one of inner ?? []) visitInner(keyword, one, path, depth);
    }
  }

  function findWrongValue(
    keyword: string,
    { takes, expected }: Extract<Keyword, { readonly takes: unknown }>,
    value: unknown,
  ): string | undefined {
    if (!takes(value)) return `found ${formatFound(value)}, expected ${expected}`;
    if (!isShallow(value, MAX_SCHEMA_DEPTH)) return "it is nested too deeply";
    return keyword === "$ref" && !hasDefinition(value) ? `${formatFound(value)} is not there` : undefined;
  }

  function visitInner(
    keyword: string,
    { path: inside, schema }: Inner,
    path: readonly PropertyKey[],
    depth: number,
  ): void {
    const name = String(inside.at(-1));
    if (name === "__proto__") {
      report([...path, keyword], 'the name "__proto__" cannot be used');
    } else if (!name.isWellFormed()) {
      // ajv turns names into parts of URLs.
      report([...path, keyword], `the name ${quote(name)} has half a character`);
    } else if (keyword === "$defs" && !REF_PATTERN.test(`#/$defs/${name}`)) {
      report([...path, keyword], `the name ${quote(name)} needs letters, digits, "_", "." and "-" only`);
    } else {
      visit(schema, [...path, ...inside], depth + 1);
    }
  }

  function hasDefinition(ref: unknown): boolean {
    const definitions = isRecord(root) ? root.$defs : undefined;
    const name = REF_PATTERN.exec(String(ref))?.[1] ?? "";
    return isRecord(definitions) && Object.hasOwn(definitions, name);
  }
}

function describeUnknown(keyword: string): string {
  const nearest = nearestName(keyword, [...KEYWORDS.keys()]);
  const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
  return `the keyword ${quote(keyword)} cannot be used${hint}`;
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return (
    levels > 0 &&
    Object.entries(value).every(([key, one]) => key !== "__proto__" && isShallow(one, levels - 1))
  );
}
