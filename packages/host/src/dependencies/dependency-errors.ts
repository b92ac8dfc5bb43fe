import { PaddockError } from "@paddock/contract";

/** A dependency that is missing, or there in a version that does not do. */
export interface Unmet {
  readonly plugin: string;
  readonly version: string;
  readonly dependency: string;
  readonly range: string;
  /** `undefined` when it is not loaded. */
  readonly found: string | undefined;
}

/** The plugin cannot be loaded or started without what it needs. */
export function unmet(
  { plugin, version, dependency, range, found }: Unmet,
  doing: "load" | "start" = "load",
): PaddockError {
  const state = found === undefined ? "it is not loaded" : `${found} is loaded`;
  return new PaddockError(
    "DEPENDENCY_UNMET",
    `Cannot ${doing} "${plugin}" ${version}: it depends on "${dependency}" ${range}, and ${state}.`,
    {
      hint:
        found === undefined
          ? `Load "${dependency}" first, or both with host.loadAll([…]).`
          : `Load a version of "${dependency}" in ${range}.`,
      data: { plugin, dependency, range, ...(found === undefined ? {} : { found }) },
    },
  );
}

/** What is loaded needs another version than the one about to replace it. */
export function wouldBreak({ plugin, version, dependency, range, found }: Unmet): PaddockError {
  return new PaddockError(
    "DEPENDENCY_UNMET",
    `Cannot load "${dependency}" ${found ?? ""}: "${plugin}" ${version} depends on it, and needs ${range}.`,
    {
      hint: `Load a version of "${plugin}" that works with it at the same time, with host.loadAll([…]), or force it: { force: true }.`,
      data: { plugin, dependency, range, found: found ?? "" },
    },
  );
}

/** Something that is loaded cannot do without the plugin. */
export function stillNeeded(plugin: string, dependents: readonly string[]): PaddockError {
  const list = dependents.map((id) => `"${id}"`).join(", ");
  return new PaddockError(
    "DEPENDENCY_UNMET",
    `Cannot unload "${plugin}": ${list} depend${dependents.length === 1 ? "s" : ""} on it.`,
    {
      hint: "Unload what depends on it first, or force it: { force: true }.",
      data: { plugin, dependents },
    },
  );
}

/** `circle` begins and ends with the same plugin. */
export function inCircle(circle: readonly string[]): PaddockError {
  const path = circle.join(" → ");
  return new PaddockError(
    "DEPENDENCY_UNMET",
    `Cannot load "${circle[0] ?? ""}": plugins depend on one another in a circle: ${path}.`,
    { hint: "One of them has to do without the next.", data: { circle } },
  );
}
