import { type CapabilityId, capabilityOf } from "./vocabulary.js";

/**
 * Whether parameters asked for lie inside those allowed (both in normal form). Sizes and counts that are
 * not asked for are 0; any other parameter must be there, and one that nobody knows is never inside.
 */
export function isWithin(use: CapabilityId, asked: object, allowed: object): boolean {
  const parameters = Object.values(capabilityOf(use).parameters);
  const fields = new Set(parameters.map(({ field }) => field));
  return (
    Object.keys(asked).every((field) => fields.has(field)) &&
    parameters.every(({ field, covers }) => covers(own(allowed, field), own(asked, field)))
  );
}

function own(parameters: object, field: string): unknown {
  return Object.hasOwn(parameters, field) ? Reflect.get(parameters, field) : undefined;
}
