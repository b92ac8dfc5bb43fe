import { z } from "zod";
import type { ErrorCode } from "../errors.js";
import { PaddockError } from "../paddock-error.js";
import { deepFreeze } from "./deep-freeze.js";
import { nearestName } from "./nearest-name.js";
import { findNotPlainJson } from "./plain-json.js";
import { formatFound, formatPath, formatProblem, type Problem, quote } from "./problem.js";

/** Problems listed in one error; the rest is counted. */
export const MAX_PROBLEMS = 50;
/** Longer lists of alternatives are not printed. */
const MAX_LISTED_ALTERNATIVES = 16;

export interface DocumentKind {
  readonly code: ErrorCode;
  /** File name for the message; it may be seen by others than the operator, so no directories. */
  readonly file: string;
  /** Where the reader finds every key explained. */
  readonly documentation: string;
}

/** The value, checked and frozen, or a PaddockError that lists every problem (also as `data.problems`). */
export function parseDocument<T>(schema: z.ZodType<T>, value: unknown, kind: DocumentKind): T {
  const notPlain = findNotPlainJson(value);
  if (notPlain !== undefined) throw invalidDocument([notPlain], kind);
  const validKeys = new Map<string, readonly string[]>();
  const result = schema.safeParse(value, {
    reportInput: true,
    error: (issue) => {
      if (issue.code === "unrecognized_keys" && issue.inst instanceof z.ZodObject) {
        validKeys.set(formatPath(issue.path ?? []), Object.keys(issue.inst.shape));
      }
      return expectation(issue);
    },
  });
  if (result.success) return deepFreeze(result.data);
  throw invalidDocument(
    result.error.issues.flatMap((issue) => toProblems(issue, validKeys)),
    kind,
  );
}

export function invalidDocument(problems: readonly Problem[], kind: DocumentKind): PaddockError {
  const listed = problems.slice(0, MAX_PROBLEMS);
  const lines = listed.map((problem) => `\n  ${formatProblem(problem)}`);
  if (problems.length > listed.length) lines.push(`\n  and ${problems.length - listed.length} more`);
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return new PaddockError(kind.code, `Cannot use ${quote(kind.file)}: ${count}.${lines.join("")}`, {
    hint: `Correct the file; ${kind.documentation} explains every key.`,
    data: { file: kind.file, problems: listed },
  });
}

function toProblems(
  issue: z.core.$ZodIssue,
  validKeys: ReadonlyMap<string, readonly string[]>,
): readonly Problem[] {
  const path = formatPath(issue.path);
  if (issue.code === "unrecognized_keys") {
    const keys = validKeys.get(path) ?? [];
    return issue.keys.map((key) => ({
      path: formatPath([...issue.path, key]),
      found: `unknown key ${quote(key)}`,
      expected: alternatives(keys),
      ...didYouMean(key, keys),
    }));
  }
  if (issue.code === "invalid_key") {
    const expected = issue.issues[0]?.message ?? "another key";
    return [{ path, found: `the key ${formatFound(issue.input)}`, expected }];
  }
  const subject = valueAt(issue);
  return [
    {
      path,
      found: formatFound(subject),
      expected: issue.message,
      ...(typeof subject === "string" ? didYouMean(subject, alternativesOf(issue)) : {}),
    },
  ];
}

/** A union reports the object as its input, and the key that tells its kinds apart in the path. */
function valueAt(issue: z.core.$ZodIssue): unknown {
  const isUnion = issue.code === "invalid_union" && issue.discriminator !== undefined;
  if (!isUnion || typeof issue.input !== "object" || issue.input === null) return issue.input;
  return Reflect.get(issue.input, issue.discriminator);
}

function alternativesOf(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === "invalid_value") return issue.values.map(String);
  if (issue.code === "invalid_union" && "options" in issue) return (issue.options ?? []).map(String);
  return [];
}

function didYouMean(name: string, candidates: readonly string[]): { readonly hint?: string } {
  const nearest = nearestName(name, candidates);
  return nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` };
}

/** Our words for what zod would say in its own; a schema that gives its own words comes before these. */
function expectation(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPE_WORDS[issue.expected] ?? `a value of type ${issue.expected}`;
    case "invalid_value":
      return alternatives(issue.values.map(String));
    case "invalid_union":
      return alternatives(Array.isArray(issue.options) ? issue.options.map(String) : []);
    case "too_big":
      return `at most ${issue.maximum}`;
    case "too_small":
      return `at least ${issue.minimum}`;
    default:
      return "another value";
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: "an object",
  record: "an object",
  array: "a list",
  string: "text",
  number: "a number",
  boolean: "true or false",
};

function alternatives(names: readonly string[]): string {
  if (names.length === 1) return String(names[0]);
  const listed = names.slice(0, MAX_LISTED_ALTERNATIVES);
  return `one of ${listed.join(", ")}${names.length > listed.length ? ", …" : ""}`;
}
