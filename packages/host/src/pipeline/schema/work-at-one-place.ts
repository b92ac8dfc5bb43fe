import { asSchema, innerSchemas, isRecord, type Schema, targetOf } from "./schema-tree.js";

/** Schemas that may apply to one value at once, by combining and by reference. */
export const MAX_BRANCHES = 64;
/** Names, values and keywords that one value may be compared with. */
export const MAX_COMPARISONS = 512;
/** Dividing, or walking through a value, takes so many times as long as comparing a name. */
const SLOW = 16;
/** Keywords that read a whole text, for one value. */
export const MAX_TEXT_CHECKS = 16;
/** Places looked at while this is found out. */
const MAX_VISITS = 50_000;

const COMBINING = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];
const READING = ["pattern", "minLength", "maxLength"];

/**
 * Says when one value of an instance could cost too much. Checking an instance costs at most its number of values
 * times what one value may cost.
 */
export function findExcessAtOnePlace(root: Schema): string | undefined {
  let visits = 0;
  return visit([root]);

  function visit(schemas: readonly Schema[]): string | undefined {
    const applied = schemas.flatMap((schema) => together(schema));
    visits += applied.length + 1;
    if (visits > MAX_VISITS || applied.length > MAX_BRANCHES) {
      return `more than ${MAX_BRANCHES} schemas apply to one value, or too many ways lead to it`;
    }
    const objects = applied.filter(isRecord);
    if (sum(objects, comparisons) > MAX_COMPARISONS)
      return `it compares one value more than ${MAX_COMPARISONS} times`;
    if (sum(objects, textChecks) > MAX_TEXT_CHECKS) {
      return `more than ${MAX_TEXT_CHECKS} keywords of ${READING.join(", ")} apply to one text`;
    }
    for (const group of placesInside(objects)) {
      visits += objects.length;
      const excess = group.length === 0 ? undefined : visit(group);
      if (excess !== undefined) return excess;
    }
    return undefined;
  }

  /** A schema and all that apply to the same value as it does. */
  function together(schema: Schema): readonly Schema[] {
    if (!isRecord(schema)) return [schema];
    const combined = COMBINING.flatMap((keyword) =>
      keyword in schema ? (innerSchemas(keyword, schema[keyword]) ?? []) : [],
    );
    const target = targetOf(root, schema);
    const inner = combined.map((one) => asSchema(one.schema));
    return [schema, ...[...inner, ...(target === undefined ? [] : [target])].flatMap(together)];
  }
}

/** For every kind of place inside the value: the schemas that apply there. */
function* placesInside(objects: readonly Readonly<Record<string, unknown>>[]): Generator<readonly Schema[]> {
  const names = new Set(
    objects.flatMap(({ properties }) => (isRecord(properties) ? Object.keys(properties) : [])),
  );
  for (const name of [...names, undefined]) {
    yield objects.flatMap(({ properties, additionalProperties }) => {
      const own = name !== undefined && isRecord(properties) && Object.hasOwn(properties, name);
      return known(own ? properties[name] : additionalProperties);
    });
  }
  const longest = Math.max(
    0,
    ...objects.map(({ prefixItems }) => (Array.isArray(prefixItems) ? prefixItems.length : 0)),
  );
  for (let at = 0; at <= longest; at++) {
    yield objects.flatMap(({ prefixItems, items }) => {
      const own = Array.isArray(prefixItems) && at < prefixItems.length;
      return known(own ? prefixItems[at] : items);
    });
  }
}

function known(schema: unknown): readonly Schema[] {
  return schema === undefined ? [] : [asSchema(schema)];
}

function sum<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}

function comparisons(schema: Readonly<Record<string, unknown>>): number {
  const { enum: values, const: value, required = [], properties = {} } = schema;
  const names = Object.keys(Object(properties)).length + Object.keys(Object(required)).length;
  const divisions = "multipleOf" in schema ? SLOW : 0;
  return (
    Object.keys(schema).length + names + divisions + sum(Object.values(Object(values)), cost) + cost(value)
  );
}

/** Of comparing with one value of the schema. */
function cost(value: unknown): number {
  return typeof value === "object" && value !== null ? SLOW + sum(Object.values(value), cost) : 1;
}

function textChecks(schema: Readonly<Record<string, unknown>>): number {
  return READING.filter((keyword) => keyword in schema).length;
}
