import type { PresetName } from "../limits.js";
import { MECHANISM_NAMES, type MechanismName } from "./mechanisms.js";

export interface Preset {
  readonly about: string;
  /** Mechanisms without which no guest starts. */
  readonly requires: readonly MechanismName[];
}

/** Mechanisms that need rights an ordinary user may lack; weaker means stand in for them, and `doctor` says so. */
const PRIVILEGED: readonly MechanismName[] = [
  "memory-cgroup",
  "cpu-cgroup",
  "pids-cgroup",
  "own-uid",
  "disk-quota-kernel",
];

const WALLS = MECHANISM_NAMES.filter((name) => !PRIVILEGED.includes(name));

export const DEFAULT_PRESET: PresetName = "production";

/** The operator's bundles of defaults. The numbers are in the table of limits; here is what must stand. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  production: {
    about: "Every wall; where the kernel may not count for us, limits per process and watches do.",
    requires: WALLS,
  },
  development: {
    about: "Generous limits for a person at work. The same walls.",
    requires: WALLS,
  },
  "high-security": {
    about: "Tight limits, and every mechanism enforced by the kernel.",
    requires: MECHANISM_NAMES,
  },
};

export const PRESET_NAMES = ["production", "development", "high-security"] as const satisfies PresetName[];
