import { basename, dirname, sep } from "node:path";
import { isMember, type Workspace } from "./workspace.js";

/**
 * The directory that the bundler is given for a link of a plugin's packages, by the link's real target: the package,
 * or the `node_modules` that it lies in, which is one place instead of a thousand packages. `undefined` for a link
 * that must not be followed. Who makes a plugin's folder also makes the links in it, so only what he cannot write
 * decides: a target counts inside the folder, or when a workspace above lists both the folder and the target.
 */
export async function findLinkedPlace(
  target: string,
  folder: string,
  workspace: Workspace | undefined,
): Promise<string | undefined> {
  // A plugin below an application must not bundle the application.
  if (isInside(folder, target)) return undefined;
  if (isInside(target, folder)) return outermostModules(target, folder) ?? target;
  if (workspace === undefined) return undefined;
  const { root, modules } = workspace;
  if (modules !== undefined && isInside(target, modules)) return modules;
  if (!isInside(target, root)) return undefined;
  const own = outermostModules(target, root);
  const member = own === undefined ? target : dirname(own);
  return !isInside(folder, member) && (await isMember(workspace, member)) ? (own ?? target) : undefined;
}

export function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

/** "/root/a/node_modules" for everything below it; what stands above the root does not count. */
function outermostModules(target: string, root: string): string | undefined {
  let outermost: string | undefined;
  for (let at = target; at !== root; at = dirname(at)) if (basename(at) === "node_modules") outermost = at;
  return outermost;
}
