import { KEYWORDS } from "./keywords.js";

/** A schema that `checkShape` has looked at: known keywords with values of the right kind. */
export type Schema = boolean | Readonly<Record<string, unknown>>;

export interface Inner {
  readonly path: readonly PropertyKey[];
  readonly schema: unknown;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schemas right inside one keyword; `undefined` when its value is not of the kind that holds schemas. */
export function innerSchemas(keyword: string, value: unknown): readonly Inner[] | undefined {
  const known = KEYWORDS.get(keyword);
  if (known === undefined || !("holds" in known)) return [];
  switch (known.holds) {
    case "schema":
      return [{ path: [keyword], schema: value }];
    case "list of schemas":
      return Array.isArray(value) && value.length > 0
        ? value.map((schema: unknown, at) => ({ path: [keyword, at], schema }))
        : undefined;
    case "schemas by name":
      return isRecord(value)
        ? Object.entries(value).map(([name, schema]) => ({ path: [keyword, name], schema }))
        : undefined;
  }
}

/** What `$ref` points to, in a schema whose shape is right; `true` where it points to nothing. */
export function targetOf(root: Schema, schema: Schema): Schema | undefined {
  if (typeof schema === "boolean" || typeof schema.$ref !== "string") return undefined;
  const definitions = typeof root === "boolean" ? undefined : root.$defs;
  const name = schema.$ref.slice("#/$defs/".length);
  if (!isRecord(definitions) || !Object.hasOwn(definitions, name)) return true;
  return asSchema(definitions[name]);
}

/** Anything that is no schema counts as one that allows everything: the shape was checked before. */
export function asSchema(value: unknown): Schema {
  return typeof value === "boolean" || isRecord(value) ? value : true;
}
