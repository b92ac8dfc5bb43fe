import { lstat, opendir, readlink, realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { PaddockError } from "@paddock/contract";
import { findLinkedPlace, isInside } from "./linked-place.js";
import { systemCodeOf } from "./system-error.js";
import { findWorkspace, type Workspace } from "./workspace.js";

/** Bounds on what a hostile `node_modules` may make the host look at. */
export const LINKED_MAX_ENTRIES = 20_000;
export const LINKED_MAX_DIRECTORIES = 64;

/** Directories outside of a plugin's own `node_modules` that its packages are found in. */
export interface LinkedPackages {
  /** Real path of the plugin's own `node_modules`, in its folder; `undefined` when it has none. */
  readonly own: string | undefined;
  /** Real paths, none inside another: packages of a workspace, and a `node_modules` that the folder shares. */
  readonly directories: readonly string[];
  /** Packages by name whose links go through other links or from the root, with their real path. */
  readonly unreachable: ReadonlyMap<string, string>;
  /** Links that lead where they must not, by the package's name; their places are relative to the folder. */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * Follows the links in a folder's own `node_modules` and in that of its workspace, for the bundler only. A link
 * counts when its real target is inside the folder or in the workspace that lists the folder. Rejects with
 * PLUGIN_INVALID when there is too much to follow, or when `node_modules` itself leads out of the folder.
 */
export async function findLinkedPackages(folder: string): Promise<LinkedPackages> {
  const workspace = await findWorkspace(folder);
  const own = await findOwnModules(folder, workspace);
  const found = new Set<string>(workspace?.modules === undefined ? [] : [workspace.modules]);
  const unreachable = new Map<string, string>();
  const refused = new Map<string, string>();
  const seen = new Set<string>();
  const queue = [own, workspace?.modules].filter((modules) => modules !== undefined);
  let entries = 0;
  for (let modules = queue.shift(); modules !== undefined; modules = queue.shift()) {
    if (seen.has(modules)) continue;
    seen.add(modules);
    for await (const { name, location } of listPackages(modules)) {
      entries += 1;
      if (entries > LINKED_MAX_ENTRIES) throw tooMany(folder);
      const target = await followLink(location);
      // A workspace links the plugin itself as well.
      if (target === undefined || target === folder) continue;
      const place = await findLinkedPlace(target, folder, workspace);
      if (place === undefined) {
        if (!refused.has(name)) refused.set(name, relative(folder, location));
        continue;
      }
      if (modules === own && !(await leadsThere(location, target))) unreachable.set(name, target);
      if (seen.has(target)) continue;
      seen.add(target);
      // Its own dependencies: below it, or beside it in pnpm's store.
      queue.push(join(target, "node_modules"), ...enclosingModules(target, place));
      if (own === undefined || !isInside(place, own)) found.add(place);
      if (found.size > LINKED_MAX_DIRECTORIES) throw tooMany(folder);
    }
  }
  const directories = [...found].filter(
    (each) => ![...found].some((other) => other !== each && isInside(each, other)),
  );
  return { own, directories: directories.sort(), unreachable, refused };
}

/** The bundler sees all of it, so it must be the plugin's: `node_modules` may itself be a link to anywhere. */
async function findOwnModules(folder: string, workspace: Workspace | undefined): Promise<string | undefined> {
  const own = await realpath(join(folder, "node_modules")).catch(() => undefined);
  if (own === undefined || own === workspace?.modules) return undefined;
  if (own !== folder && isInside(own, folder)) return own;
  throw new PaddockError(
    "PLUGIN_INVALID",
    `Cannot bundle the plugin in "${folder}": its "node_modules" is a link to a place outside of it.`,
    { hint: "Install the packages into the plugin's folder, or make the folder a workspace member." },
  );
}

/** The entries of a `node_modules`, those of scopes included. */
async function* listPackages(
  modules: string,
): AsyncGenerator<{ readonly name: string; readonly location: string }> {
  for await (const entry of listDirectory(modules)) {
    const location = join(modules, entry);
    if (!entry.startsWith("@")) yield { name: entry, location };
    else
      for await (const scoped of listDirectory(location))
        yield { name: `${entry}/${scoped}`, location: join(location, scoped) };
  }
}

async function* listDirectory(path: string): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(path)) if (!name.startsWith(".")) yield name;
  } catch (error) {
    // Most packages have no modules of their own.
    if (!["ENOENT", "ENOTDIR", "EACCES"].includes(systemCodeOf(error))) throw error;
  }
}

async function followLink(location: string): Promise<string | undefined> {
  const found = await lstat(location).catch(() => undefined);
  return found?.isSymbolicLink() ? realpath(location).catch(() => undefined) : undefined;
}

/** True for a relative link that needs no other link on its way. */
async function leadsThere(location: string, target: string): Promise<boolean> {
  const text = await readlink(location);
  return !isAbsolute(text) && resolve(dirname(location), text) === target;
}

/**
 * "/a/node_modules/.pnpm/x@1/node_modules" for the package x in it, whose dependencies are links beside it. Not the
 * place itself: the links in there are a workspace's own packages, and not x's.
 */
function enclosingModules(target: string, place: string): readonly string[] {
  const above = dirname(target);
  const parent = basename(above).startsWith("@") ? dirname(above) : above;
  return basename(parent) === "node_modules" && parent !== place ? [parent] : [];
}

function tooMany(folder: string): PaddockError {
  return new PaddockError(
    "PLUGIN_INVALID",
    `Cannot bundle the plugin in "${folder}": its node_modules has too many links.`,
    {
      hint: "Install the plugin's dependencies without links, for example with npm.",
    },
  );
}
