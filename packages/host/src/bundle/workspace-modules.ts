import { constants } from "node:fs";
import { lstat, open, realpath, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/** More than any package.json needs; a hostile one must not fill the host's memory. */
export const PACKAGE_JSON_MAX_BYTES = 1024 ** 2;

/**
 * Real path of the `node_modules` that a folder shares with its npm or yarn workspace; `undefined` when no
 * package.json above lists the folder. A folder that nobody lists gets nothing of what stands around it: a plugin
 * put below an application must not bundle the application's own packages.
 */
export async function findWorkspaceModules(folder: string): Promise<string | undefined> {
  const owners = new Set([0, process.getuid?.(), (await stat(folder)).uid]);
  for (let at = dirname(folder); ; at = dirname(at)) {
    // Anybody can put a package.json into /tmp: it must not decide what the folders of others are made of.
    const file = await lstat(join(at, "package.json")).catch(() => undefined);
    const patterns =
      file !== undefined && owners.has(file.uid) ? workspacesOf(await readPackageJson(at)) : [];
    if (matchesWorkspaces(relative(at, folder), patterns)) {
      return realpath(join(at, "node_modules")).catch(() => undefined);
    }
    if (at === dirname(at)) return undefined;
  }
}

/** The package.json of a directory, not blocking and following no link; `undefined` when there is no good one. */
export async function readPackageJson(directory: string): Promise<unknown> {
  try {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
    const file = await open(join(directory, "package.json"), flags);
    try {
      const stats = await file.stat();
      if (!stats.isFile() || stats.size > PACKAGE_JSON_MAX_BYTES) return undefined;
      return JSON.parse(await file.readFile("utf8"));
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** True when the last pattern that matches is not a negated one, as npm has it. */
export function matchesWorkspaces(path: string, patterns: readonly string[]): boolean {
  const last = patterns.findLast((pattern) =>
    matches(path.split("/"), segmentsOf(pattern.replace(/^!/, ""))),
  );
  return last !== undefined && !last.startsWith("!");
}

function workspacesOf(json: unknown): readonly string[] {
  if (typeof json !== "object" || json === null || !("workspaces" in json)) return [];
  const { workspaces } = json;
  const list =
    typeof workspaces === "object" && workspaces !== null && "packages" in workspaces
      ? workspaces.packages
      : workspaces;
  return Array.isArray(list) ? list.filter((each) => typeof each === "string") : [];
}

function segmentsOf(pattern: string): readonly string[] {
  return pattern.split("/").filter((segment) => segment !== "" && segment !== ".");
}

function matches(path: readonly string[], pattern: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  if (first === "**") return matches(path, rest) || (path.length > 0 && matches(path.slice(1), pattern));
  return path[0] !== undefined && matchesSegment(path[0], first) && matches(path.slice(1), rest);
}

/** One `*` in a segment, which is all that workspaces use. */
function matchesSegment(name: string, pattern: string): boolean {
  const star = pattern.indexOf("*");
  if (star === -1) return name === pattern;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after);
}
