import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { declaredShape } from "./schema/declared-shape.js";
import { dropUndeclared, findUndeclared } from "./undeclared.js";

const text = { type: "string" };
const named = (properties: object, more: object = {}) => ({ type: "object", properties, ...more });

function find(schema: object, value: unknown): readonly string[] {
  const shape = declaredShape(schema);
  return shape === undefined ? [] : (findUndeclared(value, shape) ?? []).map(({ path }) => path);
}

function drop(schema: object, value: unknown): unknown {
  const shape = declaredShape(schema);
  if (shape !== undefined) dropUndeclared(value, shape);
  return value;
}

describe("fields that a schema does not name", () => {
  it.each<readonly [string, object, unknown, readonly string[]]>([
    ["beside those it names", named({ a: text }), { a: "", b: 1 }, ["b"]],
    ["inside objects", named({ a: named({ b: text }) }), { a: { b: "", c: 1 } }, ["a.c"]],
    ["inside lists", { items: named({ a: text }) }, [{ a: "" }, { b: 1 }], ["[1].b"]],
    [
      "in the first items of a list",
      { prefixItems: [named({ a: text })], items: named({ b: text }) },
      [{ b: 1 }, { b: 1 }],
      ["[0].b"],
    ],
    [
      "behind references",
      { $defs: { p: named({ a: text }) }, properties: { p: { $ref: "#/$defs/p" } } },
      { p: { q: 1 } },
      ["p.q"],
    ],
    [
      "in no part of a whole",
      { allOf: [named({ a: text }), named({ b: text })] },
      { a: "", b: "", c: 1 },
      ["c"],
    ],
    [
      "in no branch",
      { anyOf: [named({ a: text }), named({ b: text })], properties: { c: text } },
      { a: "", c: "", d: 1 },
      ["d"],
    ],
    [
      "under a condition",
      Object.fromEntries([
        ["if", named({ a: text })],
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
        ["then", named({ b: text })],
        ["else", named({ c: text })],
        ["properties", { a: text }],
      ]),
      { a: "", b: "", c: "", d: 1 },
      ["d"],
    ],
    [
      "that are names of JavaScript's own",
      named({ a: text }),
      JSON.parse('{"__proto__":1,"constructor":2}'),
      ["__proto__", "constructor"],
    ],
    [
      "inside what is not named but described",
      { additionalProperties: named({ a: text }) },
      { x: { a: "", b: 1 } },
      ["x.b"],
    ],
  ])("are found %s", (_where, schema, value, paths) => {
    expect(find(schema, value)).toEqual(paths);
  });

  it.each<readonly [string, object, unknown]>([
    ["where no field is named", { type: "object" }, { a: 1 }],
    ["where the schema says what else may be", named({ a: text }, { additionalProperties: true }), { b: 1 }],
    [
      "where a part of it says so",
      { allOf: [named({ a: text }), { additionalProperties: { type: "number" } }] },
      { b: 1 },
    ],
    ["in what is not an object", named({ a: text }), "text"],
    ["in what must not be", { not: named({ a: text }) }, { b: 1 }],
  ])("are the schema's business %s", (_where, schema, value) => {
    expect(find(schema, value)).toEqual([]);
  });

  it("are dropped, and nothing else", () => {
    const schema = named({ a: text, list: { items: named({ b: text }) } });
    const value = { a: "1", x: 1, list: [{ b: "2", y: 2 }, 3] };
    expect(drop(schema, value)).toEqual({ a: "1", list: [{ b: "2" }, 3] });
  });

  it("are gone once dropped, whatever the value", () => {
    const schema = named({ a: { items: named({ b: text }) }, c: named({}, { additionalProperties: text }) });
    const key = fc.constantFrom("a", "b", "c", "d", "__proto__");
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.constant(1),
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(key, tie("node")),
      ),
    }));
    fc.assert(
      fc.property(tree.node, (given) => {
        const value: unknown = JSON.parse(JSON.stringify(given));
        expect(find(schema, drop(schema, value))).toEqual([]);
      }),
    );
  });

  it("tells ten of them at most", () => {
    const value = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`f${at}`, at]));
    expect(find(named({ a: text }), value)).toHaveLength(10);
  });
});
