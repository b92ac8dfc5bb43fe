import {
  CAPABILITY_IDS,
  type CapabilityId,
  capabilityOf,
  isWithin,
  type Limits,
  type Manifest,
  type Parameters,
} from "@paddock/contract";
import { effectiveLimits } from "../config/effective-limits.js";
import type { ResolvedConfig } from "../config/resolve-config.js";
import { type Granting, grantingOf, isGranted } from "./granting.js";

/** What of a manifest decides about permissions. */
export type Declaring = Pick<Manifest, "permissions">;

/** Capability → parameters: all that a guest may do, as it learns when it starts. */
export function effectivePermissions(
  manifest: Declaring & Pick<Manifest, "id" | "wants">,
  config: ResolvedConfig,
): Readonly<Record<string, Parameters>> {
  const { limits } = effectiveLimits(config, manifest);
  const granting = grantingOf(config.preset);
  const granted = CAPABILITY_IDS.flatMap((use) => {
    const parameters = together(use, grantedParameters(manifest, use, granting));
    return parameters === undefined ? [] : [[use, underCeiling(use, parameters, limits)] as const];
  });
  return Object.freeze(Object.fromEntries(granted));
}

/** What the manifest declares for one capability, or what every plugin has of it without asking. */
export function declaredParameters(manifest: Declaring, use: CapabilityId): readonly Parameters[] {
  const { required, optional } = manifest.permissions;
  const declared = [...required, ...optional].filter((request) => request.use === use);
  return declared.length > 0 ? declared.map(({ parameters }) => parameters) : implied(use);
}

/**
 * What of one capability is granted. Until people can grant, that is what needs no asking: R0 as declared, else as
 * implied; and what the development preset gives to whoever asks.
 */
export function grantedParameters(
  manifest: Declaring,
  use: CapabilityId,
  granting: Granting = "automatic",
): readonly Parameters[] {
  const granted = declaredParameters(manifest, use).filter((parameters) =>
    isGranted({ use, parameters }, granting),
  );
  return granted.length > 0 ? granted : implied(use);
}

function implied(use: CapabilityId): readonly Parameters[] {
  const parameters = capabilityOf(use).implied;
  return parameters === undefined ? [] : [parameters];
}

/**
 * Several grants as one. Lists add up where a list is all there is to a capability; else it is the widest, and what
 * the others allow is for `decide` to know.
 */
function together(use: CapabilityId, all: readonly Parameters[]): Parameters | undefined {
  const [only, ...others] = Object.values(capabilityOf(use).parameters);
  return all.reduce<Parameters | undefined>((wide, one) => {
    if (wide === undefined || isWithin(use, wide, one)) return one;
    const [left, right] = only === undefined ? [] : [wide[only.field], one[only.field]];
    if (others.length > 0 || only === undefined || !Array.isArray(left) || !Array.isArray(right)) return wide;
    return { [only.field]: [...new Set<string>([...left, ...right])].sort() };
  }, undefined);
}

function underCeiling(use: CapabilityId, parameters: Parameters, limits: Limits): Parameters {
  const ceiling = capabilityOf(use).ceiling?.(limits) ?? {};
  const capped = Object.entries(parameters).map(([field, value]) => {
    const most = ceiling[field];
    return [
      field,
      typeof value === "number" && typeof most === "number" ? Math.min(value, most) : value,
    ] as const;
  });
  return Object.freeze(Object.fromEntries(capped));
}
