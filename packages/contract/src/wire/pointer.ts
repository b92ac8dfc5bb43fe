/** Steps of a JSON Pointer (RFC 6901), or `undefined` when it is none. */
export function parsePointer(pointer: string): readonly string[] | undefined {
  if (pointer === "") return [];
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function formatPointer(steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Holds the root, so that the whole value can be replaced like a part of it. */
export interface Rooted {
  root: unknown;
}

const INDEX = /^(0|[1-9]\d{0,9})$/;

/**
 * Puts a value where null is. Returns false when the pointer leads nowhere: it takes own properties only, so
 * that no step ("__proto__", "constructor") leaves the value.
 */
export function placeAt(rooted: Rooted, pointer: string, value: unknown): boolean {
  const place = findNull(rooted, pointer);
  if (place === undefined) return false;
  // Not an assignment: the own property "__proto__" would set a prototype.
  Object.defineProperty(place.holder, place.name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  return true;
}

/** Whether there is a null at that place. */
export function leadsToNull(rooted: Rooted, pointer: string): boolean {
  return findNull(rooted, pointer) !== undefined;
}

function findNull(
  rooted: Rooted,
  pointer: string,
): { readonly holder: object; readonly name: string } | undefined {
  const steps = parsePointer(pointer);
  if (steps === undefined) return undefined;
  let holder: object = rooted;
  let name = "root";
  for (const step of steps) {
    const inner: unknown = Object.getOwnPropertyDescriptor(holder, name)?.value;
    if (typeof inner !== "object" || inner === null) return undefined;
    if (Array.isArray(inner) && !INDEX.test(step)) return undefined;
    holder = inner;
    name = step;
  }
  const found = Object.getOwnPropertyDescriptor(holder, name);
  return found === undefined || found.value !== null ? undefined : { holder, name };
}
