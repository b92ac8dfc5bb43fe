import { expect, it } from "vitest";
import { printType } from "./print-type.js";

const object = (properties: object, more: object = {}) => ({ type: "object", properties, ...more });

it.each([
  [true, "unknown"],
  [{}, "unknown"],
  [false, "never"],
  [{ type: "integer" }, "number"],
  [{ type: ["string", "null"] }, "string | null"],
  [{ const: "a" }, '"a"'],
  [{ enum: ["a", 1, null, true] }, '"a" | 1 | null | true'],
  [{ const: { a: [1] } }, "{ readonly a: readonly [1] }"],
  [object({ a: { type: "string" } }), "{ readonly a?: string }"],
  [
    object({ a: { type: "string" }, "b c": {} }, { required: ["a", "d"] }),
    '{ readonly a: string; readonly "b c"?: unknown; readonly d: unknown }',
  ],
  [object({}, { additionalProperties: false }), "Record<string, never>"],
  [object({}, { additionalProperties: { type: "number" } }), "{ readonly [name: string]: number }"],
  [
    object({ a: { type: "string" } }, { additionalProperties: { type: "number" } }),
    "{ readonly a?: string; readonly [name: string]: unknown }",
  ],
  [{ properties: { a: true } }, "{ readonly a?: unknown }"],
  [{ type: "array" }, "readonly unknown[]"],
  [{ type: "array", items: { type: ["string", "number"] } }, "readonly (string | number)[]"],
  [
    { type: "array", prefixItems: [{ type: "string" }, { type: "number" }], minItems: 1, items: false },
    "readonly [string, number?]",
  ],
  [{ prefixItems: [{ type: "string" }], items: { type: "null" } }, "readonly [string?, ...null[]]"],
  [{ anyOf: [{ type: "string" }, { type: "number" }] }, "string | number"],
  [{ oneOf: [{ type: "string" }, {}] }, "unknown"],
  [
    { allOf: [object({ a: true }), object({ b: true })] },
    "({ readonly a?: unknown }) & ({ readonly b?: unknown })",
  ],
  [{ type: "string", minLength: 2, pattern: "^a", not: { const: "ab" } }, "string"],
  [{ $ref: "#/$defs/x", $defs: { x: { type: "string" } } }, "string"],
])("printType(%j) is %s", (schema, type) => {
  expect(printType(schema, "here")).toBe(type);
});

it("printType() refuses a schema whose type would be far larger than itself", () => {
  const long = { enum: ["x".repeat(10_000)] };
  const schema = { type: "array", prefixItems: Array(100).fill({ $ref: "#/$defs/long" }), $defs: { long } };
  expect(() => printType(schema, "here")).toThrow(expect.objectContaining({ code: "PLUGIN_INVALID" }));
});
