import { lstat, opendir, readlink, realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import { PaddockError } from "@paddock/contract";
import { systemCodeOf } from "./system-error.js";
import { findWorkspaceModules, readPackageJson } from "./workspace-modules.js";

/** Bounds on what a hostile `node_modules` may make the host look at. */
export const LINKED_MAX_ENTRIES = 20_000;
export const LINKED_MAX_DIRECTORIES = 64;

/** Directories outside of a plugin's folder that its packages are found in. */
export interface LinkedPackages {
  /** Real path of the plugin's own `node_modules`; `undefined` when it has none. */
  readonly own: string | undefined;
  /** Real paths, none inside another: packages of a workspace, and a `node_modules` that the folder shares. */
  readonly directories: readonly string[];
  /** Packages by name whose links go through other links or from the root (`npm link`), with their real path. */
  readonly unreachable: ReadonlyMap<string, string>;
}

/**
 * Follows the links in a folder's own `node_modules` (pnpm, workspaces), for the bundler only. A link counts only
 * when it leads to a package that calls itself by the link's name: a link to somebody's home directory leads
 * nowhere. Rejects with PLUGIN_INVALID when there is too much to follow.
 */
export async function findLinkedPackages(folder: string): Promise<LinkedPackages> {
  const own = await realpath(join(folder, "node_modules")).catch(() => undefined);
  const shared = await findWorkspaceModules(folder);
  const found = new Set<string>(shared === undefined ? [] : [shared]);
  const unreachable = new Map<string, string>();
  const seen = new Set<string>();
  const queue = [own, shared].filter((modules) => modules !== undefined);
  let entries = 0;
  for (let modules = queue.shift(); modules !== undefined; modules = queue.shift()) {
    if (seen.has(modules)) continue;
    seen.add(modules);
    for await (const { name, location } of listPackages(modules)) {
      entries += 1;
      if (entries > LINKED_MAX_ENTRIES) throw tooMany(folder);
      const target = await followLink(location);
      if (target === undefined || seen.has(target)) continue;
      seen.add(target);
      // A plugin below an application must not bundle the application.
      if (isInside(folder, target) || !(await isPackage(target, name))) continue;
      if (modules === own && !(await leadsThere(location, target))) unreachable.set(name, target);
      // Its own dependencies: below it, or beside it in pnpm's store.
      queue.push(join(target, "node_modules"), ...enclosingModules(target, name));
      const unit = outermostModules(target) ?? target;
      if (!(own !== undefined && isInside(unit, own)) && !isInside(folder, unit)) found.add(unit);
      if (found.size > LINKED_MAX_DIRECTORIES) throw tooMany(folder);
    }
  }
  const directories = [...found].filter(
    (each) => ![...found].some((other) => other !== each && isInside(each, other)),
  );
  return { own, directories: directories.sort(), unreachable };
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

async function isPackage(directory: string, name: string): Promise<boolean> {
  const json = await readPackageJson(directory);
  return typeof json === "object" && json !== null && "name" in json && json.name === name;
}

/**
 * "/a/node_modules/.pnpm/x@1/node_modules" for the package x in it, whose dependencies are links beside it. Not the
 * outermost: the links in there are a workspace's own packages, and not x's.
 */
function enclosingModules(target: string, name: string): readonly string[] {
  const parent = target.slice(0, -name.length - 1);
  const isStore = basename(parent) === "node_modules" && parent !== outermostModules(target);
  return target.endsWith(sep + name) && isStore ? [parent] : [];
}

/** "/a/node_modules" for everything below it: one shared place instead of a thousand packages. */
function outermostModules(target: string): string | undefined {
  let outermost: string | undefined;
  for (let at = target; at !== dirname(at); at = dirname(at))
    if (basename(at) === "node_modules") outermost = at;
  return outermost;
}

function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
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
