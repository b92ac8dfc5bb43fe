import { type CapabilityId, capabilityOf, type Parameters, type ParameterValue } from "@paddock/contract";

/** A plugin that called another one: its part in what the other may do for a person. */
export interface ChainLink {
  readonly id: string;
  /** Its effective permissions. */
  readonly permissions: Readonly<Record<string, Parameters>>;
}

/** Plugins that may call one another in a row: the length of a chain. */
export const MAX_CALL_DEPTH = 8;

/**
 * What a plugin may do of `use` for a call that came through other plugins. Its rights are its own, by the consent
 * that gave them to it; but what it does in the name of a person, every plugin on the way must have been allowed too,
 * or a plugin could reach by another's hands what that person kept from it. `undefined` is nothing.
 */
export function rightsAlongChain(
  use: CapabilityId,
  own: Parameters,
  chain: readonly ChainLink[],
): Parameters | undefined {
  if (!capabilityOf(use).isBoundToPerson) return own;
  return chain.reduce<Parameters | undefined>((rest, { permissions }) => {
    // Own keys only: a capability is never called "constructor", but the check costs nothing.
    const theirs = Object.hasOwn(permissions, use) ? permissions[use] : undefined;
    return rest === undefined || theirs === undefined ? undefined : intersection(use, rest, theirs);
  }, own);
}

function intersection(use: CapabilityId, left: Parameters, right: Parameters): Parameters | undefined {
  const both: Record<string, ParameterValue> = {};
  for (const { field, covers } of Object.values(capabilityOf(use).parameters)) {
    const value = common(left[field], right[field], covers);
    if (value === undefined) return undefined;
    both[field] = value;
  }
  return both;
}

function common(
  left: ParameterValue | undefined,
  right: ParameterValue | undefined,
  covers: (allowed: unknown, asked: unknown) => boolean,
): ParameterValue | undefined {
  if (Array.isArray(left) && Array.isArray(right)) {
    const both = [
      ...left.filter((one) => covers(right, [one])),
      ...right.filter((one) => covers(left, [one])),
    ];
    return both.length === 0 ? undefined : [...new Set<string>(both)].sort();
  }
  if (covers(right, left)) return left;
  return covers(left, right) ? right : undefined;
}
