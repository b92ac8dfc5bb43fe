/**
 * Whether two JSON values are the same. Looks at own keys only: a value may bring its own "toString" or
 * "constructor", which must not be called or believed. As deep as the shallower of the two.
 */
export function isEqualJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every(
      (key) => Object.hasOwn(other, key) && isEqualJson(Reflect.get(one, key), Reflect.get(other, key)),
    )
  );
}
