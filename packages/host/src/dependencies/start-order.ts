import { isVersionInRange } from "@paddock/contract";
import type { Dependent } from "./check-dependencies.js";
import { unmet } from "./dependency-errors.js";

/**
 * The plugin and everything that it depends on, each after what it needs itself. Throws DEPENDENCY_UNMET where a
 * dependency is gone or does not fit: unloading and loading can be forced. The plugins are in no circle.
 */
export function startOrder(id: string, loaded: ReadonlyMap<string, Dependent>): readonly string[] {
  const order = new Set<string>();
  visit(id);
  return [...order];

  function visit(next: string): void {
    const plugin = loaded.get(next);
    if (plugin === undefined || order.has(next)) return;
    for (const [dependency, range] of Object.entries(plugin.depends)) {
      const found = loaded.get(dependency)?.version;
      if (found === undefined || !isVersionInRange(found, range)) {
        throw unmet({ plugin: next, version: plugin.version, dependency, range, found }, "start");
      }
      visit(dependency);
    }
    order.add(next);
  }
}
