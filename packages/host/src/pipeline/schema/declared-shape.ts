import { asSchema, isRecord, type Schema, targetOf } from "./schema-tree.js";

/** Which fields a schema names, place by place. */
export interface Shape {
  /** What is known about the insides of each field. */
  readonly fields: ReadonlyMap<string, Shape | undefined>;
  /** Whether an object there may have the fields that are named and no others. */
  readonly isClosed: boolean;
  /** About the fields that are not named. */
  readonly others: Shape | undefined;
  /** About the first items of a list, one by one, and about the rest. */
  readonly first: readonly (Shape | undefined)[];
  readonly items: Shape | undefined;
}

type SchemaObject = Readonly<Record<string, unknown>>;

/** Keywords whose schemas are about the same value. What is in `not` and `if` names nothing that may be there. */
const SAME_VALUE = ["allOf", "anyOf", "oneOf", "then", "else"];

/**
 * The shape of a schema that `inspectSchema` has let through: without circles, and of bounded size when references
 * are written out. A field is declared when any schema about that object names it, in whichever branch. Where one of
 * them has an `additionalProperties` of its own, the author has said what may be there. `undefined` where nothing
 * is named anywhere.
 */
export function declaredShape(schema: unknown): Shape | undefined {
  const root = asSchema(schema);
  return shapeOf([root]);

  function shapeOf(schemas: readonly unknown[]): Shape | undefined {
    const all = schemas.map(asSchema).flatMap(aboutSameValue);
    const shape: Shape = {
      ...fieldsOf(all),
      others: shapeOfSome(all.flatMap((one) => one.additionalProperties ?? [])),
      ...itemsOf(all),
    };
    return saysNothing(shape) ? undefined : shape;
  }

  function shapeOfSome(schemas: readonly unknown[]): Shape | undefined {
    return schemas.length === 0 ? undefined : shapeOf(schemas);
  }

  function aboutSameValue(one: Schema): readonly SchemaObject[] {
    if (typeof one === "boolean") return [];
    const inner = SAME_VALUE.flatMap((keyword) => one[keyword] ?? []).map(asSchema);
    const target = targetOf(root, one);
    return [one, ...(target === undefined ? inner : [...inner, target]).flatMap(aboutSameValue)];
  }

  function fieldsOf(all: readonly SchemaObject[]): Pick<Shape, "fields" | "isClosed"> {
    const naming = all.flatMap(({ properties }) => (isRecord(properties) ? [properties] : []));
    const names = new Set(naming.flatMap((properties) => Object.keys(properties)));
    const fields = new Map<string, Shape | undefined>();
    for (const name of names) {
      // A schema that does not name the field speaks about it through its `additionalProperties`: left to both.
      const isShared = all.some(
        ({ properties, additionalProperties }) =>
          isRecord(additionalProperties) && !(isRecord(properties) && Object.hasOwn(properties, name)),
      );
      const said = naming.flatMap((properties) =>
        Object.hasOwn(properties, name) ? [properties[name]] : [],
      );
      fields.set(name, isShared ? undefined : shapeOfSome(said));
    }
    const isSaid = all.some((one) => Object.hasOwn(one, "additionalProperties"));
    return { fields, isClosed: naming.length > 0 && !isSaid };
  }

  function itemsOf(all: readonly SchemaObject[]): Pick<Shape, "first" | "items"> {
    const lists = all.flatMap(({ prefixItems }) => (Array.isArray(prefixItems) ? [prefixItems] : []));
    const isLoose = all.some(({ items, prefixItems }) => items !== undefined && prefixItems === undefined);
    const longest = lists.reduce((most, list) => Math.max(most, list.length), 0);
    const first = Array.from({ length: longest }, (_, at) => {
      // Two kinds of schemas about one place, as above.
      const isShared = isLoose || lists.some((list) => list.length <= at);
      return isShared ? undefined : shapeOfSome(lists.map((list: readonly unknown[]) => list[at]));
    });
    return { first, items: shapeOfSome(all.flatMap(({ items }) => items ?? [])) };
  }
}

function saysNothing({ fields, isClosed, others, first, items }: Shape): boolean {
  return !isClosed && [others, items, ...first, ...fields.values()].every((one) => one === undefined);
}
