import { formatPath } from "@paddock/contract";
import type { SchemaProblem } from "./schema/compile-schema.js";
import type { Shape } from "./schema/declared-shape.js";

/** Undeclared fields that are told of one value. */
export const MAX_UNDECLARED = 10;
const MAX_PATH_CHARACTERS = 200;

/** The fields of parsed JSON that its schema does not name; nothing when there are none. */
export function findUndeclared(value: unknown, shape: Shape): readonly SchemaProblem[] | undefined {
  const problems: SchemaProblem[] = [];
  walk(value, shape, [], (path) => {
    problems.push({ path: formatPath(path).slice(0, MAX_PATH_CHARACTERS), message: "is not declared" });
    return problems.length < MAX_UNDECLARED;
  });
  return problems.length === 0 ? undefined : problems;
}

/** Takes them out of `value`, which is a copy of ours. Says whether there were any. */
export function dropUndeclared(value: unknown, shape: Shape): boolean {
  let isChanged = false;
  walk(value, shape, [], (_path, object, name) => {
    delete object[name];
    isChanged = true;
    return true;
  });
  return isChanged;
}

/** What to do with an undeclared field; `false` ends the walk. */
type Visit = (path: readonly PropertyKey[], object: Record<string, unknown>, name: string) => boolean;

/** As deep as the shape, which is bounded, however deep the value. */
function walk(value: unknown, shape: Shape, path: PropertyKey[], visit: Visit): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) {
    if (shape.items === undefined && shape.first.length === 0) return true;
    return value.every((item: unknown, at) => {
      const inner = at < shape.first.length ? shape.first[at] : shape.items;
      return inner === undefined || into(item, inner, path, at, visit);
    });
  }
  // Safe: parsed JSON that is neither null, a list nor a plain value is an object with own keys only.
  const object = value as Record<string, unknown>;
  return Object.keys(object).every((name) => {
    const isNamed = shape.fields.has(name);
    if (!isNamed && shape.isClosed) {
      path.push(name);
      const goesOn = visit(path, object, name);
      path.pop();
      return goesOn;
    }
    const inner = isNamed ? shape.fields.get(name) : shape.others;
    return inner === undefined || into(object[name], inner, path, name, visit);
  });
}

function into(value: unknown, shape: Shape, path: PropertyKey[], step: PropertyKey, visit: Visit): boolean {
  path.push(step);
  const goesOn = walk(value, shape, path, visit);
  path.pop();
  return goesOn;
}
