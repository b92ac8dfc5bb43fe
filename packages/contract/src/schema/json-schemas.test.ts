import { expect, test } from "vitest";
import { generatedFiles } from "../../../../scripts/write-schemas.ts";
import { jsonSchemas } from "./json-schemas.js";

test.each(generatedFiles())("$path is current (node scripts/write-schemas.ts writes it)", ({ is, should }) =>
  expect(is).toBe(should),
);

test("every key of the schemas is explained", () => {
  const bare = Object.entries(jsonSchemas()).flatMap(([file, schema]) => unexplained(schema, file));
  expect(bare).toEqual([]);
});

/** Keys without a description; those of capabilities are explained by their own table. */
function unexplained(schema: object, path: string): readonly string[] {
  const own = Object.entries(objectIn(schema, "properties")).flatMap(([key, child]: [string, unknown]) => {
    const bare = Object.hasOwn(Object(child), "description") ? [] : [`${path}: ${key}`];
    return [...bare, ...unexplained(Object(child), `${path}: ${key}`)];
  });
  return [...own, ...unexplainedEntry(schema, path)];
}

function unexplainedEntry(schema: object, path: string): readonly string[] {
  const entry = objectIn(schema, "additionalProperties");
  return Object.keys(entry).length === 0 ? [] : unexplained(entry, `${path}: NAME`);
}

function objectIn(schema: object, key: string): object {
  return Object(Reflect.get(schema, key) ?? {});
}
