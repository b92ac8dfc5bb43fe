import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkSchema } from "./check-schema.js";
import { compileSchema, MAX_CACHED_SCHEMAS } from "./compile-schema.js";

/** What would stand in generated code if it could get there. */
const BREAKOUTS = [
  '"',
  "'",
  "`",
  "\\",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what an attacker would write.
  "${globalThis.broken=1}",
  '"];globalThis.broken=1;//',
  "'];globalThis.broken=1;//",
  "*/globalThis.broken=1/*",
  "\u2028globalThis.broken=1",
  "\u2029globalThis.broken=1\n",
  "\n",
  "\0",
  "a/b~c",
  "constructor",
  "hasOwnProperty",
  "toString",
  "data0",
  "validate",
];

describe("compileSchema()", () => {
  test("says what is wrong, where, and nothing of the value", async () => {
    const validate = await compileSchema(
      {
        type: "object",
        properties: {
          items: { type: "array", items: { properties: { "a b": { type: "string", pattern: "^x" } } } },
        },
        required: ["items"],
        additionalProperties: false,
      },
      "input",
    );
    expect(validate({ items: [{ "a b": "xyz" }] })).toBeUndefined();
    expect(validate([])).toEqual([{ path: "", message: "must be object" }]);
    expect(validate({})).toEqual([{ path: "", message: "must have required property 'items'" }]);
    expect(validate({ items: [{}, { "a b": "secret" }] })).toEqual([
      { path: 'items[1]["a b"]', message: 'must match pattern "^x"' },
    ]);
    expect(validate({ items: [], secret: "secret" })).toEqual([
      { path: "", message: 'must NOT have additional properties: "secret"' },
    ]);
  });

  test("bounds and escapes what it says", async () => {
    const name = `\u001b[2J${"x".repeat(1_000)}`;
    const validate = await compileSchema(
      { anyOf: Array.from({ length: 60 }, () => ({ required: [name] })) },
      "input",
    );
    const problems = validate({}) ?? [];
    expect(problems).toHaveLength(10);
    for (const { message } of problems) expect(message).toMatch(/^[^\p{Cc}]{1,201}$/u);
    const deep = await compileSchema({ additionalProperties: { type: "null" } }, "input");
    expect(deep({ [`\n${"y".repeat(5_000)}`]: 1 })?.[0]?.path).toMatch(/^\["\\ny{1,100}…"\]$/);
  });

  test("refuses what checkSchema() refuses, and names the schema", async () => {
    await expect(
      compileSchema({ uniqueItems: true, contains: {} }, "acme/x resize.input"),
    ).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message:
        'Cannot use the schema "acme/x resize.input": the keyword "uniqueItems" cannot be used. (and 1 more)',
      data: { problems: expect.any(Array) },
    });
  });

  test.each(BREAKOUTS)("cannot be made to run code by %j", async (text) => {
    const schema = {
      $comment: text,
      title: text,
      required: [text],
      properties: { [text]: { enum: [text, 1] }, other: { const: { [text]: text } } },
      additionalProperties: { items: { properties: { [text]: { default: text } } } },
    };
    expect(checkSchema(schema, "input")).toEqual([]);
    const validate = await compileSchema(schema, "input");
    expect(validate({ [text]: text })).toBeUndefined();
    expect(validate({ [text]: 2 })).toHaveLength(1);
    expect(validate({})).toHaveLength(1);
    expect(validate({ [text]: 1, other: { [text]: text } })).toBeUndefined();
    expect(validate({ [text]: 1, other: {} })).toHaveLength(1);
    const patterned = { pattern: text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&") };
    if (checkSchema(patterned, "input").length === 0) {
      const check = await compileSchema(patterned, "input");
      expect(check(`a${text}b`)).toBeUndefined();
    }
    expect("broken" in globalThis).toBe(false);
  });

  test("keeps two patterns apart", async () => {
    const validate = await compileSchema(
      { properties: { a: { pattern: "^a$" }, b: { pattern: "^b$" } } },
      "input",
    );
    expect(validate({ a: "a", b: "b" })).toBeUndefined();
    expect(validate({ a: "b" })).toHaveLength(1);
    expect(validate({ b: "a" })).toHaveLength(1);
  });

  test("compiles equal schemas once and forgets the oldest", async () => {
    const first = await compileSchema({ const: "first" }, "a");
    expect(await compileSchema({ const: "first" }, "b")).toBe(first);
    for (let at = 0; at < MAX_CACHED_SCHEMAS; at++) await compileSchema({ const: at }, "c");
    expect(await compileSchema({ const: "first" }, "a")).not.toBe(first);
  });

  test("changes neither the value nor itself when the schema's object is changed", async () => {
    const schema = { properties: { a: { type: "number", default: 5 } } };
    const validate = await compileSchema(schema, "input");
    schema.properties.a.type = "string";
    const value = {};
    expect(validate(value)).toBeUndefined();
    expect(value).toEqual({});
    expect(validate({ a: "5" })).toEqual([{ path: "a", message: "must be number" }]);
  });

  test("is not disturbed by what a value brings along", async () => {
    const validate = await compileSchema({ enum: [{ a: 1 }, [1]], not: { const: { b: [] } } }, "input");
    for (const text of ['{"toString":1}', '{"valueOf":null}', '{"constructor":1}', '{"__proto__":{"a":1}}']) {
      expect(validate(JSON.parse(text))).toHaveLength(1);
    }
    expect(validate({ a: 1 })).toBeUndefined();
  });

  test("agrees with ajv as it comes, for any schema and value", async () => {
    const instance = fc.oneof(json, fc.dictionary(fc.constantFrom("a", "b", "constructor"), json));
    const outcomes = { fit: 0, misfit: 0 };
    await fc.assert(
      fc.asyncProperty(anySchema(3), fc.array(instance, { maxLength: 10 }), async (one, values) => {
        const schema = { ...one, $defs: { leaf: { type: ["object", "string", "null"], maxLength: 3 } } };
        if (checkSchema(schema, "input").length > 0) return;
        const validate = await compileSchema(schema, "input");
        const plain = new Ajv2020({
          strict: false,
          ownProperties: true,
          validateFormats: false,
          logger: false,
        });
        const expected = plain.compile(schema);
        // As it comes over the wire: ajv tells an object without a prototype from one with.
        for (const value of JSON.parse(JSON.stringify(values))) {
          const fits = validate(value) === undefined;
          expect(fits).toBe(expected(value));
          outcomes[fits ? "fit" : "misfit"]++;
        }
      }),
      { numRuns: 200 },
    );
    expect(outcomes.fit).toBeGreaterThan(50);
    expect(outcomes.misfit).toBeGreaterThan(50);
  });
});

/** Without the keys that ajv's own comparison trips over. */
const json = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => !/"(?:constructor|toString|valueOf|__proto__)":/.test(JSON.stringify(value)));

function anySchema(depth: number): fc.Arbitrary<object> {
  const count = fc.integer({ min: 0, max: 4 });
  const number = fc.integer({ min: -3, max: 3 });
  const name = fc.constantFrom("a", "b", "constructor", "__x");
  const kind = fc.constantFrom("array", "boolean", "integer", "null", "number", "object", "string");
  const leaves: Record<string, fc.Arbitrary<unknown>> = {
    type: fc.oneof(kind, fc.uniqueArray(kind, { minLength: 2, maxLength: 5 })),
    enum: fc.array(json, { minLength: 1, maxLength: 3 }),
    const: json,
    required: fc.uniqueArray(name, { maxLength: 2 }),
    minItems: count,
    maxItems: count,
    minLength: count,
    maxLength: count,
    minProperties: count,
    pattern: fc.constantFrom("^a", "\\d+$", "^[^ab]*$", "(ab|c)*"),
    minimum: number,
    exclusiveMaximum: number,
    multipleOf: fc.constantFrom(1, 2, 0.5),
    $ref: fc.constant("#/$defs/leaf"),
  };
  return keywordsOf(depth === 0 ? leaves : { ...leaves, ...branches(depth, name) });
}

function branches(depth: number, name: fc.Arbitrary<string>): Record<string, fc.Arbitrary<unknown>> {
  const inner = fc.oneof(fc.boolean(), anySchema(depth - 1));
  const some = fc.array(inner, { minLength: 1, maxLength: 3 });
  return {
    properties: fc.dictionary(name, inner, { maxKeys: 3 }),
    additionalProperties: inner,
    items: inner,
    prefixItems: some,
    anyOf: some,
    oneOf: some,
    allOf: some,
    not: inner,
    if: inner,
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    then: inner,
    else: inner,
  };
}

function keywordsOf(values: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  const entries = Object.entries(values).map(([keyword, value]) =>
    value.map((one) => [keyword, one] as const),
  );
  return fc.array(fc.oneof(...entries), { maxLength: 3 }).map((some) => Object.fromEntries(some));
}
