import { createHash } from "node:crypto";
import { formatPath, PaddockError, quote } from "@paddock/contract";
import type { ErrorObject, Options } from "ajv/dist/2020.js";
import { inspectSchema, type Patterns } from "./check-schema.js";
import { constKeyword, enumKeyword } from "./equality-keywords.js";

/** What a schema finds wrong with a value, or nothing. */
export type Validate = (value: unknown) => readonly SchemaProblem[] | undefined;

export interface SchemaProblem {
  /** Where in the value, as `items[0].name`; empty for the value itself. */
  readonly path: string;
  /** What is wrong, after the path; never a part of the value. */
  readonly message: string;
}

/** Compiled schemas that are kept. */
export const MAX_CACHED_SCHEMAS = 256;
/** Problems of one value that are told. */
export const MAX_VALUE_PROBLEMS = 10;
const MAX_PATH_CHARACTERS = 200;
const MAX_MESSAGE_CHARACTERS = 200;

/** Oldest first, by the digest of the schema's text. */
const cache = new Map<string, Promise<Validate>>();

/**
 * A plugin's schema, compiled. Rejects with PLUGIN_INVALID when `checkSchema` finds anything; `where` names the
 * schema in that error. Equal schemas are compiled once.
 */
export async function compileSchema(schema: unknown, where: string): Promise<Validate> {
  const inspected = inspectSchema(schema);
  if ("problems" in inspected) throw unusable(where, inspected.problems);
  const { text, patterns } = inspected;
  const key = createHash("sha256").update(text).digest("hex");
  const compiled = cache.get(key) ?? compile(text, patterns);
  cache.delete(key);
  cache.set(key, compiled);
  for (const oldest of cache.keys()) if (cache.size > MAX_CACHED_SCHEMAS) cache.delete(oldest);
  try {
    return await compiled;
  } catch (cause) {
    cache.delete(key);
    throw new PaddockError("INTERNAL", `Cannot compile the schema "${where}".`, { cause });
  }
}

async function compile(text: string, patterns: Patterns): Promise<Validate> {
  // Loaded at first use: most of a start's time would be its.
  const { Ajv2020, _ } = await import("ajv/dist/2020.js");
  const ajv = new Ajv2020(optionsFor(patterns));
  ajv.removeKeyword("const").addKeyword(constKeyword(_));
  ajv.removeKeyword("enum").addKeyword(enumKeyword());
  // A copy from the text: what the caller does with its object later changes nothing.
  const check = ajv.compile(JSON.parse(text));
  return (value) => {
    if (check(value)) return undefined;
    return (check.errors ?? []).slice(0, MAX_VALUE_PROBLEMS).map(toProblem);
  };
}

function optionsFor(patterns: Patterns): Options {
  return {
    // checkSchema() has looked at everything, more strictly.
    strict: false,
    validateSchema: false,
    meta: false,
    validateFormats: false,
    allErrors: false,
    // A value has no "constructor" unless it is its own.
    ownProperties: true,
    logger: false,
    addUsedSchema: false,
    // Optimising takes longer than it will ever save here.
    code: {
      optimize: false,
      regExp: Object.assign((source: string) => engine(source, patterns), { code: "new RegExp" }),
    },
  };
}

/** In place of a RegExp. ajv tells two of them apart by their text. */
function engine(source: string, patterns: Patterns) {
  const test = patterns.get(source);
  if (test === undefined) throw new RangeError(`The pattern ${quote(source)} was not looked at`);
  return { test, toString: () => source };
}

function toProblem({ instancePath, message = "does not fit", keyword, params }: ErrorObject): SchemaProblem {
  const steps = instancePath.split("/").slice(1).map(unescapeStep);
  const extra: unknown = keyword === "additionalProperties" ? params.additionalProperty : undefined;
  const said = typeof extra === "string" ? `${message}: ${quote(extra)}` : message;
  return {
    path: cut(formatPath(steps), MAX_PATH_CHARACTERS),
    // The author's own words may be in it: names of properties, patterns.
    message: cut(said.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "\ufffd"), MAX_MESSAGE_CHARACTERS),
  };
}

/** A step of a JSON pointer (RFC 6901). */
function unescapeStep(step: string): PropertyKey {
  return /^\d{1,9}$/.test(step) ? Number(step) : step.replaceAll("~1", "/").replaceAll("~0", "~");
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}

function unusable(where: string, problems: readonly string[]): PaddockError {
  const [first = "", ...others] = problems;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return new PaddockError("PLUGIN_INVALID", `Cannot use the schema "${where}": ${first}.${more}`, {
    hint: "Plugins may use a part of JSON Schema 2020-12; docs/manifest.md says which.",
    data: { schema: where, problems },
  });
}
