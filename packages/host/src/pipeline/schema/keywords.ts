import { MAX_PATTERN_LENGTH } from "./pattern/parse-pattern.js";

/** How a keyword is written: what it holds, or which plain values it takes. */
export type Keyword =
  | { readonly holds: "schema" | "list of schemas" | "schemas by name" }
  | { readonly takes: (value: unknown) => boolean; readonly expected: string };

const KINDS = ["array", "boolean", "integer", "null", "number", "object", "string"];
/** The formats of JSON Schema. They say what a text means and are not checked: use a pattern for that. */
const FORMATS =
  "date-time date time duration email idn-email hostname idn-hostname ipv4 ipv6 uri uri-reference iri iri-reference uuid uri-template json-pointer relative-json-pointer regex".split(
    " ",
  );
export const DIALECT = "https://json-schema.org/draft/2020-12/schema";
export const REF_PATTERN = /^#\/\$defs\/([A-Za-z0-9_.-]{1,64})$/;
const MAX_TEXT_LENGTH = 2_000;

/**
 * The part of JSON Schema 2020-12 that a plugin may use. What is not here takes more than linear time
 * (uniqueItems, contains), applies patterns to names, or looks beyond the schema.
 */
export const KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ["$schema", { takes: (value) => value === DIALECT, expected: `"${DIALECT}"` }],
  ["$defs", { holds: "schemas by name" }],
  ["$ref", { takes: isText(REF_PATTERN), expected: 'a reference such as "#/$defs/address"' }],
  ["title", note()],
  ["description", note()],
  ["$comment", note()],
  ["default", { takes: () => true, expected: "" }],
  ["examples", { takes: Array.isArray, expected: "a list" }],
  ["deprecated", flag()],
  ["readOnly", flag()],
  ["writeOnly", flag()],
  ["type", { takes: isType, expected: `one or several of ${KINDS.join(", ")}` }],
  [
    "enum",
    { takes: (value) => Array.isArray(value) && value.length > 0, expected: "a list of one value or more" },
  ],
  ["const", { takes: () => true, expected: "" }],
  ["properties", { holds: "schemas by name" }],
  ["required", { takes: isNames, expected: "a list of different names, none of them empty" }],
  ["additionalProperties", { holds: "schema" }],
  ["minProperties", count()],
  ["maxProperties", count()],
  ["items", { holds: "schema" }],
  ["prefixItems", { holds: "list of schemas" }],
  ["minItems", count()],
  ["maxItems", count()],
  ["minLength", count()],
  ["maxLength", count()],
  [
    "pattern",
    { takes: isText(/^/), expected: `a regular expression of at most ${MAX_PATTERN_LENGTH} characters` },
  ],
  ["format", { takes: (value) => FORMATS.includes(String(value)), expected: `one of ${FORMATS.join(", ")}` }],
  ["minimum", amount()],
  ["maximum", amount()],
  ["exclusiveMinimum", amount()],
  ["exclusiveMaximum", amount()],
  ["multipleOf", { takes: (value) => isAmount(value) && value >= 1e-9, expected: "a number, at least 1e-9" }],
  ["anyOf", { holds: "list of schemas" }],
  ["oneOf", { holds: "list of schemas" }],
  ["allOf", { holds: "list of schemas" }],
  ["not", { holds: "schema" }],
  ["if", { holds: "schema" }],
  ["then", { holds: "schema" }],
  ["else", { holds: "schema" }],
]);

function note(): Keyword {
  return {
    takes: (value) => typeof value === "string" && value.length <= MAX_TEXT_LENGTH,
    expected: `text of at most ${MAX_TEXT_LENGTH} characters`,
  };
}

function flag(): Keyword {
  return { takes: (value) => typeof value === "boolean", expected: "true or false" };
}

function count(): Keyword {
  return {
    takes: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    expected: "a whole number from 0",
  };
}

function amount(): Keyword {
  return { takes: isAmount, expected: "a number" };
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isText(pattern: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === "string" && pattern.test(value);
}

function isType(value: unknown): boolean {
  const kinds: readonly unknown[] = Array.isArray(value) ? value : [value];
  return (
    kinds.length > 0 &&
    new Set(kinds).size === kinds.length &&
    kinds.every((kind) => KINDS.includes(String(kind)))
  );
}

function isNames(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    // ajv passes over a missing "".
    value.every((name) => typeof name === "string" && name !== "__proto__" && name !== "") &&
    new Set(value).size === value.length
  );
}
