import { describe, expect, test } from "vitest";
import { checkSchema } from "./check-schema.js";

function times<T>(count: number, make: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => make(at));
}

function named(count: number, make: (at: number) => unknown): Record<string, unknown> {
  return Object.fromEntries(times(count, (at) => [`n${at}`, make(at)]));
}

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  return times(levels, (at) => at).reduce<unknown>((inner) => wrap(inner), {});
}

describe("checkSchema()", () => {
  test.each<[string, unknown]>([
    ["nothing", {}],
    ["a boolean", true],
    [
      "what people write",
      {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        title: "A picture",
        type: "object",
        properties: {
          url: { type: "string", format: "uri", maxLength: 2_000, pattern: "^https://" },
          width: { type: ["integer", "null"], minimum: 1, maximum: 10_000, multipleOf: 2, default: 100 },
          tags: { type: "array", items: { $ref: "#/$defs/tag" }, maxItems: 10, examples: [["a"]] },
          at: { prefixItems: [{ type: "number" }, { type: "number" }], items: false },
          mode: { enum: ["fit", "fill", null] },
          constructor: { const: { a: [1] } },
        },
        required: ["url", "constructor"],
        additionalProperties: false,
        if: { required: ["width"] },
        // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
        then: { properties: { mode: { const: "fit" } } },
        $defs: { tag: { type: "string", minLength: 1 } },
      },
    ],
    [
      "a union of twenty kinds",
      {
        oneOf: times(20, (at) => ({
          type: "object",
          properties: { kind: { const: at }, ...named(8, () => ({})) },
          required: ["kind"],
        })),
      },
    ],
    ["a thousand values", { properties: named(3, () => ({ enum: times(490, String) })) }],
    ["as many branches as may be", { anyOf: times(63, () => ({})) }],
    [
      "references that share",
      { $defs: { a: { type: "string" } }, properties: named(200, () => ({ $ref: "#/$defs/a" })) },
    ],
  ])("accepts %s", (_, schema) => {
    expect(checkSchema(schema, "input")).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ["text", "object", 'input: found "object", expected a schema'],
    ["nothing at all", undefined, "input: it is not JSON of at most 64 KB"],
    ["a circle of objects", circle(), "input: it is not JSON of at most 64 KB"],
    [
      "too large a text",
      { title: "x".repeat(1_000), enum: [["x".repeat(65_536)]] },
      "input: it is not JSON of at most 64 KB",
    ],
    [
      "a misspelt keyword",
      { requird: ["a"] },
      'input: the keyword "requird" cannot be used; did you mean "required"?',
    ],
    ["uniqueItems", { uniqueItems: true }, 'input: the keyword "uniqueItems" cannot be used'],
    ["contains", { items: { contains: {} } }, 'input: items: the keyword "contains" cannot be used'],
    ["patternProperties", { patternProperties: {} }, 'input: the keyword "patternProperties" cannot be used'],
    ["propertyNames", { propertyNames: {} }, 'input: the keyword "propertyNames" cannot be used'],
    ["dependentSchemas", { dependentSchemas: {} }, "cannot be used"],
    ["unevaluatedProperties", { unevaluatedProperties: false }, "cannot be used"],
    ["$dynamicRef", { $dynamicRef: "#a" }, "cannot be used"],
    ["$id", { $id: "https://evil.example/" }, "cannot be used"],
    ["$anchor", { $anchor: "a" }, "cannot be used"],
    ["a keyword of ajv's own", { $data: "/a", $async: true }, "cannot be used"],
    ["a keyword of JavaScript's own", { constructor: {} }, "cannot be used"],
    [
      "a reference to the web",
      { $ref: "https://evil.example/a.json" },
      'input: $ref: found "https://evil.example/a.json", expected a reference such as "#/$defs/address"',
    ],
    ["a reference to a file", { $ref: "other.json#/$defs/a" }, "expected a reference"],
    ["a reference to itself", { $ref: "#" }, "expected a reference"],
    ["a reference to nothing", { $ref: "#/$defs/a" }, 'input: $ref: "#/$defs/a" is not there'],
    ["a reference to a prototype", { $defs: {}, $ref: "#/$defs/constructor" }, "is not there"],
    ["definitions inside", { items: { $defs: {} } }, "input: items: $defs may be at the top only"],
    ["another dialect", { $schema: "http://json-schema.org/draft-07/schema#" }, "input: $schema: found"],
    ["a data reference", { minimum: { $data: "1/a" } }, "input: minimum: found an object, expected a number"],
    ["an endless number", { maximum: Number.POSITIVE_INFINITY }, "expected a number"],
    ["a fraction of a count", { minItems: 1.5 }, "expected a whole number from 0"],
    [
      "a tiny step",
      { multipleOf: 1e-300 },
      "input: multipleOf: found 1e-300, expected a number, at least 1e-9",
    ],
    ["a type that is none", { type: "text" }, "input: type: found"],
    ["a type twice", { type: ["string", "string"] }, "input: type: found"],
    ["an empty choice", { anyOf: [] }, "input: anyOf: found an empty list, expected a list of schemas"],
    ["a list in place of names", { properties: [] }, "expected a schemas by name"],
    ["a format nobody knows", { format: "phone" }, "input: format: found"],
    [
      "a prototype for a property",
      JSON.parse('{"properties":{"__proto__":{"type":"string"}}}'),
      'input: properties: the name "__proto__" cannot be used',
    ],
    [
      "a prototype in a value",
      { const: JSON.parse('{"a":{"__proto__":1}}') },
      "input: const: it is nested too deeply",
    ],
    ["half a character in a name", { properties: { "\ud800": {} } }, "has half a character"],
    [
      "an empty name that must be there",
      { required: [""] },
      "expected a list of different names, none of them empty",
    ],
    ["a definition with a path for a name", { $defs: { "a/b": {} } }, "needs letters"],
    [
      "a hostile pattern",
      { pattern: "(a|b|ab)*(?=c)" },
      "input: pattern: it uses a reference, a look-around",
    ],
    [
      "a broken pattern",
      { properties: { "a b": { pattern: "(" } } },
      'input: properties["a b"].pattern: it is not a regular expression',
    ],
    ["schemas too deep", nested(40, (items) => ({ items })), "levels deep"],
    ["values too deep", { const: nested(40, (inner) => [inner]) }, "input: const: it is nested too deeply"],
    [
      "values deeper than the stack",
      { default: JSON.parse("[".repeat(20_000) + "]".repeat(20_000)) },
      "input: ",
    ],
    ["too many schemas", { properties: named(501, () => ({})) }, "input: it has more than 500 schemas"],
    [
      "a circle of references",
      {
        $defs: { a: { items: { $ref: "#/$defs/b" } }, b: { items: { $ref: "#/$defs/a" } } },
        $ref: "#/$defs/a",
      },
      "input: its references go round in a circle",
    ],
    ["a billion laughs", laughs(30), "input: it has more than 2000 schemas once references are followed"],
    [
      "a long chain",
      {
        $defs: named(80, (at) => (at === 0 ? {} : { items: { $ref: `#/$defs/n${at - 1}` } })),
        $ref: "#/$defs/n79",
      },
      "levels deep once references are followed",
    ],
    [
      "too many branches",
      { items: { anyOf: times(65, () => ({})) } },
      "input: more than 64 schemas apply to one value",
    ],
    [
      "branches of branches",
      { anyOf: times(8, () => ({ allOf: times(8, () => ({})) })) },
      "apply to one value",
    ],
    [
      "branches that meet below",
      { allOf: times(20, () => ({ properties: { a: { anyOf: [{}, {}, {}, {}] } } })) },
      "apply to one value",
    ],
    [
      "branches that meet in any property",
      { allOf: times(20, () => ({ additionalProperties: { anyOf: [{}, {}, {}, {}] } })) },
      "apply to one value",
    ],
    [
      "branches that meet in a reference",
      { $defs: { a: { anyOf: times(20, () => ({})) } }, allOf: times(4, () => ({ $ref: "#/$defs/a" })) },
      "apply to one value",
    ],
    [
      "more values than may be",
      { items: { enum: times(600, String) } },
      "input: it compares one value more than 512 times",
    ],
    [
      "values that are large",
      { enum: times(40, (at) => ({ a: at })) },
      "it compares one value more than 512 times",
    ],
    [
      "many divisions",
      { allOf: times(40, (at) => ({ multipleOf: at + 1 })) },
      "it compares one value more than 512 times",
    ],
    [
      "many patterns for one text",
      { allOf: times(17, (at) => ({ pattern: `a${at}` })) },
      "more than 16 keywords of pattern, minLength, maxLength apply to one text",
    ],
    ["products of names", product(), "too many ways lead to it"],
  ])("refuses %s", (_, schema, words) => {
    const problems = checkSchema(schema, "input");
    expect(problems.join("\n")).toContain(words);
    expect(problems.length).toBeLessThanOrEqual(20);
  });

  test("tells every problem, up to a bound, and escapes the plugin's own words", () => {
    const schema = { properties: named(50, () => ({ "\u001b[2J\u202e": 1 })) };
    const problems = checkSchema(schema, "input");
    expect(problems).toHaveLength(20);
    expect(problems.join("")).toMatch(/^[\x20-\x7e]*$/);
  });
});

function circle(): unknown {
  const schema: Record<string, unknown> = {};
  schema.items = schema;
  return schema;
}

function laughs(levels: number): unknown {
  const twice = (at: number) => ({
    properties: { a: { $ref: `#/$defs/n${at - 1}` }, b: { $ref: `#/$defs/n${at - 1}` } },
  });
  return { $defs: named(levels, (at) => (at === 0 ? {} : twice(at))), $ref: `#/$defs/n${levels - 1}` };
}

function product(): unknown {
  const level = (inner: unknown) => ({
    allOf: [{ additionalProperties: inner }, { properties: named(80, () => true) }],
  });
  return nested(4, level);
}
