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
  const findings = result.error.issues.flatMap(toFindings);
  // The rest is only counted: guessing what was meant costs time, and a hostile file has thousands.
  const problems = findings.slice(0, MAX_PROBLEMS).map((finding) => toProblem(finding, validKeys));
  throw invalidDocument(problems, kind, findings.length);
}

/** The error that lists these problems, of `count` in all. */
export function invalidDocument(
  problems: readonly Problem[],
  kind: DocumentKind,
  count: number = problems.length,
): PaddockError {
  const lines = problems.map((problem) => `\n  ${formatProblem(problem)}`);
  if (count > problems.length) lines.push(`\n  and ${count - problems.length} more`);
  const total = count === 1 ? "1 problem" : `${count} problems`;
  return new PaddockError(kind.code, `Cannot use ${quote(kind.file)}: ${total}.${lines.join("")}`, {
    hint: `Correct the file; ${kind.documentation} explains every key.`,
    data: { file: kind.file, problems },
  });
}

/** One thing that is wrong; zod puts all unknown keys of an object into one issue. */
interface Finding {
  readonly issue: z.core.$ZodIssue;
  readonly unknownKey?: string;
}

function toFindings(issue: z.core.$ZodIssue): readonly Finding[] {
  if (issue.code !== "unrecognized_keys") return [{ issue }];
  return issue.keys.map((unknownKey) => ({ issue, unknownKey }));
}

function toProblem(
  { issue, unknownKey }: Finding,
  validKeys: ReadonlyMap<string, readonly string[]>,
): Problem {
  const path = formatPath(issue.path);
  if (unknownKey !== undefined) {
    const keys = validKeys.get(path) ?? [];
    return {
      path: formatPath([...issue.path, unknownKey]),
      found: `unknown key ${quote(unknownKey)}`,
      expected: alternatives(keys),
      ...didYouMean(unknownKey, keys),
    };
  }
  if (issue.code === "invalid_key") {
    const expected = issue.issues[0]?.message ?? "another key";
    return { path, found: `the key ${formatFound(issue.input)}`, expected };
  }
  const subject = valueAt(issue);
  return {
    path,
    found: formatFound(subject),
    expected: issue.message,
    ...(typeof subject === "string" ? didYouMean(subject, alternativesOf(issue)) : {}),
  };
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
