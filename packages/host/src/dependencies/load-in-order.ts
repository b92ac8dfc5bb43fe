import { PaddockError } from "@paddock/contract";
import { readManifest } from "../bundle/read-manifest.js";
import { readFolder } from "../load-request.js";
import { checkDependencies, type Dependent } from "./check-dependencies.js";
import { orderByDependencies } from "./order-by-dependencies.js";

/** Plugins that are loaded by one call. */
export const MAX_PLUGINS_AT_ONCE = 1_024;

/**
 * Loads the plugins of several folders, each after what it depends on. All of them are checked together before the
 * first is loaded, so that a plugin and its dependency can be replaced at the same time. Answers in the order of
 * the folders. Rejects with USAGE_INVALID, MANIFEST_INVALID, DEPENDENCY_UNMET or as `load` does; what was loaded
 * before stays loaded.
 */
export async function loadInOrder<Info>(
  folders: readonly string[],
  loaded: () => ReadonlyMap<string, Dependent>,
  load: (folder: string) => Promise<Info>,
): Promise<readonly Info[]> {
  if (!Array.isArray(folders) || folders.length > MAX_PLUGINS_AT_ONCE) {
    throw new PaddockError(
      "USAGE_INVALID",
      `Cannot load that: it is not a list of at most ${MAX_PLUGINS_AT_ONCE} folders.`,
      {
        hint: 'host.loadAll(["./plugins/a", "./plugins/b"])',
      },
    );
  }
  const drafts = await Promise.all(
    folders.map(async (written, at) => {
      const folder = readFolder(written);
      const { id, version, depends } = await readManifest(folder);
      return { id, version, depends, folder, at };
    }),
  );
  const ordered = orderByDependencies(drafts);
  const together = new Map([...loaded(), ...ordered.map((plugin) => [plugin.id, plugin] as const)]);
  for (const plugin of ordered) checkDependencies(plugin, together);
  const infos: Info[] = new Array(folders.length);
  for (const { folder, at } of ordered) infos[at] = await load(folder);
  return infos;
}
