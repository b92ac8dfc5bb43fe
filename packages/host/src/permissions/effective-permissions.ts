import {
  CAPABILITY_IDS,
  type CapabilityId,
  capabilityOf,
  isWithin,
  type Limits,
  type Manifest,
  type Parameters,
  riskOf,
} from "@paddock/contract";
import { effectiveLimits } from "../config/effective-limits.js";
import type { ResolvedConfig } from "../config/resolve-config.js";

/** What of a manifest decides about permissions. */
export type Declaring = Pick<Manifest, "permissions">;

/** Capability → parameters: all that a guest may do, as it learns when it starts. */
export function effectivePermissions(
  manifest: Declaring & Pick<Manifest, "id" | "wants">,
  config: ResolvedConfig,
): Readonly<Record<string, Parameters>> {
  const { limits } = effectiveLimits(config, manifest);
  const granted = CAPABILITY_IDS.flatMap((use) => {
    const parameters = widest(use, grantedParameters(manifest, use));
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
 * What of one capability is granted. Until people can grant, that is what needs no asking: R0 as declared,
 * else as implied.
 */
export function grantedParameters(manifest: Declaring, use: CapabilityId): readonly Parameters[] {
  const automatic = declaredParameters(manifest, use).filter(
    (parameters) => riskOf({ use, parameters }) === "R0",
  );
  return automatic.length > 0 ? automatic : implied(use);
}

function implied(use: CapabilityId): readonly Parameters[] {
  const parameters = capabilityOf(use).implied;
  return parameters === undefined ? [] : [parameters];
}

function widest(use: CapabilityId, all: readonly Parameters[]): Parameters | undefined {
  return all.reduce<Parameters | undefined>(
    (wide, one) => (wide === undefined || isWithin(use, wide, one) ? one : wide),
    undefined,
  );
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
