import { PaddockError } from "@paddock/contract";
import type { Dependent } from "./check-dependencies.js";
import { inCircle } from "./dependency-errors.js";
import { findCircle } from "./find-circle.js";

/**
 * What is to be loaded, each after what it depends on; otherwise in the order given. Throws DEPENDENCY_UNMET for a
 * circle, whose plugins it names, and USAGE_INVALID for two of one id.
 */
export function orderByDependencies<Plugin extends Dependent>(plugins: readonly Plugin[]): readonly Plugin[] {
  const byId = new Map<string, Plugin>();
  for (const plugin of plugins) {
    if (byId.has(plugin.id)) {
      throw new PaddockError("USAGE_INVALID", `Cannot load "${plugin.id}" twice at the same time.`, {
        hint: "Give one folder for each plugin.",
      });
    }
    byId.set(plugin.id, plugin);
  }
  const placed = new Set<string>();
  const ordered: Plugin[] = [];
  while (ordered.length < plugins.length) {
    const ready = plugins.filter(
      ({ id, depends }) =>
        !placed.has(id) && Object.keys(depends).every((one) => placed.has(one) || !byId.has(one)),
    );
    if (ready.length === 0)
      throw circleAmong(
        plugins.filter(({ id }) => !placed.has(id)),
        byId,
      );
    for (const plugin of ready) {
      placed.add(plugin.id);
      ordered.push(plugin);
    }
  }
  return ordered;
}

function circleAmong(stuck: readonly Dependent[], byId: ReadonlyMap<string, Dependent>): PaddockError {
  for (const { id } of stuck) {
    const circle = findCircle(id, byId);
    if (circle !== undefined) return inCircle(circle);
  }
  return inCircle(stuck.map(({ id }) => id));
}
