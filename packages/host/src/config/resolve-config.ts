import {
  type Limits,
  MECHANISM_NAMES,
  type MechanismName,
  type ParsedConfig,
  type PluginSettings,
  PRESETS,
  type PresetName,
  parseConfig,
  presetLimits,
} from "@paddock/contract";
import { defaultHome } from "./default-home.js";

/** The whole configuration of a host, every default filled in; frozen. */
export interface ResolvedConfig {
  readonly preset: PresetName;
  readonly home: string;
  /** Ceilings of the preset. */
  readonly presetLimits: Limits;
  /** Ceilings that the operator set for every plugin. */
  readonly ownLimits: Partial<Limits>;
  /** How every plugin is run and called, as far as the operator said. */
  readonly defaults: PluginSettings;
  /** By plugin id; no prototype. */
  readonly plugins: ParsedConfig["plugins"];
  /** Mechanisms without which no guest starts. */
  readonly requires: readonly MechanismName[];
  readonly interpreter: { readonly node?: string; readonly python?: string; readonly guards?: boolean };
  /** What `paddock serve` loads. */
  readonly serve: { readonly plugins?: string };
  readonly uids: { readonly from: number; readonly count: number };
}

/**
 * Ids that Linux distributions and systemd leave unused: below 2^31, above the range of containers
 * (https://systemd.io/UIDS-GIDS).
 */
const DEFAULT_UIDS = { from: 2_000_000_000, count: 100_000 } as const;

/** What messages call a configuration that came from code. */
const FROM_CODE = "the host's options";

/** Preset and overrides in one. Throws CONFIG_INVALID: a configuration that does not parse stops the start. */
export function resolveConfig(input: unknown = {}, file: string = FROM_CODE): ResolvedConfig {
  const parsed = parseConfig(input, file);
  const required = new Set([...PRESETS[parsed.preset].requires, ...parsed.require]);
  return Object.freeze({
    preset: parsed.preset,
    home: parsed.home ?? defaultHome(),
    presetLimits: Object.freeze(presetLimits(parsed.preset)),
    ownLimits: parsed.limits,
    defaults: parsed.defaults,
    plugins: parsed.plugins,
    requires: Object.freeze(MECHANISM_NAMES.filter((name) => required.has(name))),
    interpreter: parsed.interpreter,
    serve: parsed.serve,
    uids: parsed.uids ?? DEFAULT_UIDS,
  });
}
