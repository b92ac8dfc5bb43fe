import { asSchema, innerSchemas, isRecord, type Schema, targetOf } from "./schema-tree.js";

/** Schemas in a schema when every `$ref` is written out. */
export const MAX_EXPANDED_SCHEMAS = 2_000;
/** Levels of a schema when every `$ref` is written out. */
export const MAX_EXPANDED_DEPTH = 64;

interface Size {
  readonly schemas: number;
  readonly depth: number;
}

const NOTHING: Size = { schemas: 0, depth: 0 };

/**
 * What is wrong with the references of a schema, if anything: a circle, or more than may be when they are written
 * out. Each definition is measured once, so that twenty of them which double one another cost twenty steps.
 */
export function findExcessOfReferences(root: Schema): string | undefined {
  const known = new Map<Schema, Size>();
  const open = new Set<Schema>();
  let isCircular = false;
  const { schemas, depth } = sizeOf(root);
  if (isCircular) return "its references go round in a circle";
  if (schemas > MAX_EXPANDED_SCHEMAS)
    return `it has more than ${MAX_EXPANDED_SCHEMAS} schemas once references are followed`;
  if (depth > MAX_EXPANDED_DEPTH)
    return `it is more than ${MAX_EXPANDED_DEPTH} levels deep once references are followed`;
  return undefined;

  function sizeOf(schema: Schema): Size {
    const target = targetOf(root, schema);
    const inner = isRecord(schema) ? Object.entries(schema).filter(([keyword]) => keyword !== "$defs") : [];
    const sizes = inner
      .flatMap(([keyword, value]) => innerSchemas(keyword, value) ?? [])
      .map((one) => sizeOf(asSchema(one.schema)));
    if (target !== undefined) sizes.push(sizeOfTarget(target));
    return {
      schemas: sizes.reduce((sum, one) => sum + one.schemas, 1),
      depth: sizes.reduce((most, one) => Math.max(most, one.depth), 0) + 1,
    };
  }

  function sizeOfTarget(target: Schema): Size {
    const size = known.get(target);
    if (size !== undefined) return size;
    if (open.has(target)) {
      isCircular = true;
      return NOTHING;
    }
    open.add(target);
    const measured = sizeOf(target);
    open.delete(target);
    known.set(target, measured);
    return measured;
  }
}
