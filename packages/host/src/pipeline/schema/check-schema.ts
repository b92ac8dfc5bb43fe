import { formatPath } from "@paddock/contract";
import { checkShape } from "./check-shape.js";
import { findExcessOfReferences } from "./expanded-size.js";
import { type Automaton, MAX_BUILD_STEPS } from "./pattern/automaton.js";
import { compilePattern } from "./pattern/compile-pattern.js";
import { asSchema, innerSchemas, isRecord } from "./schema-tree.js";
import { findExcessAtOnePlace } from "./work-at-one-place.js";

/** Bytes of a schema as JSON. */
export const MAX_SCHEMA_BYTES = 64 * 1024;
/** Problems of one schema that are told. */
export const MAX_SCHEMA_PROBLEMS = 20;

export type Patterns = ReadonlyMap<string, Automaton>;

/**
 * Why a plugin's schema cannot be used, each problem beginning with `where`; empty when it can. A schema that
 * passes compiles in some 50 ms at most. With the worst that passes, the worst inline message (64 KB, 10,000
 * tokens) takes some 20 ms, three times as long the first time; usual ones take microseconds. Measured on two
 * cores at 2.5 GHz that others used too.
 */
export function checkSchema(schema: unknown, where: string): readonly string[] {
  const checked = inspectSchema(schema);
  return "problems" in checked ? checked.problems.map((problem) => `${where}: ${problem}`) : [];
}

/** The text of a schema that can be used and its patterns, or what is wrong with it. */
export function inspectSchema(
  schema: unknown,
): { readonly text: string; readonly patterns: Patterns } | { readonly problems: readonly string[] } {
  const text = toText(schema);
  if (text === undefined) return { problems: [`it is not JSON of at most ${MAX_SCHEMA_BYTES / 1024} KB`] };
  const misshapen = checkShape(schema, MAX_SCHEMA_PROBLEMS);
  if (misshapen.length > 0) return { problems: misshapen };
  const root = asSchema(schema);
  const excess = findExcessOfReferences(root) ?? findExcessAtOnePlace(root);
  if (excess !== undefined) return { problems: [excess] };
  const { patterns, problems } = compilePatterns(schema);
  return problems.length > 0 ? { problems } : { text, patterns };
}

function toText(schema: unknown): string | undefined {
  try {
    const text = JSON.stringify(schema);
    return typeof text === "string" && Buffer.byteLength(text) <= MAX_SCHEMA_BYTES ? text : undefined;
  } catch {
    // A circle, or deeper than the stack.
    return undefined;
  }
}

function compilePatterns(root: unknown): {
  readonly patterns: Patterns;
  readonly problems: readonly string[];
} {
  const patterns = new Map<string, Automaton>();
  const problems: string[] = [];
  const budget = { steps: MAX_BUILD_STEPS };
  visit(root, []);
  return { patterns, problems };

  function visit(schema: unknown, path: readonly PropertyKey[]): void {
    if (!isRecord(schema)) return;
    const { pattern } = schema;
    if (typeof pattern === "string" && !patterns.has(pattern)) {
      const automaton = compilePattern(pattern, budget);
      if (typeof automaton !== "string") patterns.set(pattern, automaton);
      else if (problems.length < MAX_SCHEMA_PROBLEMS)
        problems.push(`${formatPath([...path, "pattern"])}: it ${automaton}`);
    }
    for (const [keyword, value] of Object.entries(schema)) {
      for (const inner of innerSchemas(keyword, value) ?? []) visit(inner.schema, [...path, ...inner.path]);
    }
  }
}
