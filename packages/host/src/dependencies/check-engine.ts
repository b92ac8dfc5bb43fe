import { isVersionInRange, type Manifest, PaddockError } from "@paddock/contract";

/** Throws PLUGIN_INVALID for a plugin that was made for other versions of Paddock. */
export function checkEngine(
  { id, version, engines }: Pick<Manifest, "id" | "version" | "engines">,
  paddock: string,
): void {
  const range = engines.paddock;
  if (range === undefined) return;
  // A release candidate of ours is tried with the plugins that are made for the release.
  const [release = paddock] = paddock.split(/[-+]/, 1);
  if (isVersionInRange(paddock, range) || isVersionInRange(release, range)) return;
  throw new PaddockError(
    "PLUGIN_INVALID",
    `Cannot load "${id}" ${version}: it is made for Paddock ${range}, and this is ${paddock}.`,
    {
      hint: "Take a version of the plugin that is made for this Paddock, or ask its author to test it and to widen engines.paddock.",
      data: { plugin: id, range, paddock },
    },
  );
}
