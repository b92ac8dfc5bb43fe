import { LIMIT_FIELDS, LIMIT_NAMES, type LimitName, type Limits, type Manifest } from "@paddock/contract";
import type { ResolvedConfig } from "./resolve-config.js";

/** Where one number came from. */
export interface LimitSource {
  readonly value: number;
  /** `preset production`, `limits.memory`, `plugins["acme/thumbs"].limits.memory` or `wants.memory`. */
  readonly from: string;
  /** There when the manifest wishes for more than the operator allows: what it wished for. */
  readonly capped?: number;
}

export interface EffectiveLimits {
  readonly limits: Limits;
  readonly sources: Readonly<Record<LimitName, LimitSource>>;
}

/**
 * The limits of one plugin. The ceiling is what the operator said most specifically: for this plugin, else
 * for every plugin, else the preset. A wish of the manifest counts below the ceiling only.
 */
export function effectiveLimits(
  config: ResolvedConfig,
  manifest: Pick<Manifest, "id" | "wants">,
): EffectiveLimits {
  const sources = recordOf((name) => decideLimit(name, config, manifest));
  const limits = fieldsOf((name) => sources[name].value);
  return Object.freeze({ limits: Object.freeze(limits), sources: Object.freeze(sources) });
}

function decideLimit(
  name: LimitName,
  config: ResolvedConfig,
  manifest: Pick<Manifest, "id" | "wants">,
): LimitSource {
  const ceiling = ceilingOf(name, config, manifest.id);
  const wanted = manifest.wants[LIMIT_FIELDS[name]];
  if (wanted === undefined || wanted === ceiling.value) return ceiling;
  // Nothing the author writes can raise a limit of the operator's.
  return wanted < ceiling.value ? { value: wanted, from: `wants.${name}` } : { ...ceiling, capped: wanted };
}

function ceilingOf(name: LimitName, config: ResolvedConfig, id: string): LimitSource {
  const field = LIMIT_FIELDS[name];
  const forPlugin = config.plugins[id]?.limits[field];
  if (forPlugin !== undefined) {
    return { value: forPlugin, from: `plugins[${JSON.stringify(id)}].limits.${name}` };
  }
  const forAll = config.ownLimits[field];
  if (forAll !== undefined) return { value: forAll, from: `limits.${name}` };
  return { value: config.presetLimits[field], from: `preset ${config.preset}` };
}

function recordOf<T>(make: (name: LimitName) => T): Record<LimitName, T> {
  // Safe: LIMIT_NAMES holds every name once.
  return Object.fromEntries(LIMIT_NAMES.map((name) => [name, make(name)])) as Record<LimitName, T>;
}

function fieldsOf(make: (name: LimitName) => number): Limits {
  // Safe: LIMIT_FIELDS maps every name to its field, and these are all fields of Limits.
  return Object.fromEntries(LIMIT_NAMES.map((name) => [LIMIT_FIELDS[name], make(name)])) as unknown as Limits;
}
