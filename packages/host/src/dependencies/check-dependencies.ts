import { isVersionInRange, type Manifest } from "@paddock/contract";
import { inCircle, unmet, wouldBreak } from "./dependency-errors.js";
import { findCircle } from "./find-circle.js";

/** What dependencies are about, of a plugin. */
export type Dependent = Pick<Manifest, "id" | "version" | "depends">;

/**
 * Whether a plugin may be loaded beside the others, in place of the one of the same id. Throws DEPENDENCY_UNMET
 * for the first of its dependencies that is missing or unfit, for a circle, and, unless forced, for something
 * loaded that needs another version of it.
 */
export function checkDependencies(
  plugin: Dependent,
  loaded: ReadonlyMap<string, Dependent>,
  isForced = false,
): void {
  const together = new Map(loaded).set(plugin.id, plugin);
  for (const [dependency, range] of Object.entries(plugin.depends)) {
    const found = together.get(dependency)?.version;
    if (found === undefined || !isVersionInRange(found, range)) {
      throw unmet({ plugin: plugin.id, version: plugin.version, dependency, range, found });
    }
  }
  const circle = findCircle(plugin.id, together);
  if (circle !== undefined) throw inCircle(circle);
  if (isForced) return;
  for (const { id, version, depends } of loaded.values()) {
    const range = Object.hasOwn(depends, plugin.id) ? depends[plugin.id] : undefined;
    if (range === undefined || id === plugin.id || isVersionInRange(plugin.version, range)) continue;
    throw wouldBreak({ plugin: id, version, dependency: plugin.id, range, found: plugin.version });
  }
}

/** The loaded plugins that name it as a dependency, by id. */
export function dependentsOf(id: string, loaded: Iterable<Dependent>): readonly string[] {
  return [...loaded]
    .filter(({ depends }) => Object.hasOwn(depends, id))
    .map((dependent) => dependent.id)
    .sort();
}
