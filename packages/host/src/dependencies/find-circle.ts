import type { Dependent } from "./check-dependencies.js";

/** The shortest way from a plugin along its dependencies back to itself, both ends included; mostly there is none. */
export function findCircle(
  id: string,
  plugins: ReadonlyMap<string, Dependent>,
): readonly string[] | undefined {
  const seen = new Set<string>();
  let paths: readonly (readonly string[])[] = [[id]];
  // As wide as there are plugins, and each is gone through once: no depth of recursion that a manifest decides.
  while (paths.length > 0) {
    const longer: (readonly string[])[] = [];
    for (const path of paths) {
      for (const next of Object.keys(plugins.get(path.at(-1) ?? id)?.depends ?? {})) {
        if (next === id) return [...path, id];
        if (seen.has(next)) continue;
        seen.add(next);
        longer.push([...path, next]);
      }
    }
    paths = longer;
  }
  return undefined;
}
