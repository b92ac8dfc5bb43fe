import { constants } from "node:fs";
import { lstat, open, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { parseDocument } from "yaml";
import { matchesWorkspace, parseWorkspacePatterns, type WorkspacePatterns } from "./workspace-patterns.js";

/** More than any package.json needs; a hostile one must not fill the host's memory. */
export const PACKAGE_JSON_MAX_BYTES = 1024 ** 2;

/** YAML takes longer to parse than JSON. */
export const PNPM_WORKSPACE_MAX_BYTES = 256 * 1024;

/** A root, above a plugin's folder, whose npm, yarn or pnpm workspace lists that folder. */
export interface Workspace {
  /** Real path. */
  readonly root: string;
  /** Path of its `node_modules`, which its members share; `undefined` when it has none of its own. */
  readonly modules: string | undefined;
  readonly patterns: WorkspacePatterns;
}

/**
 * The nearest workspace strictly above a folder that lists it; `undefined` when there is none. A folder that nobody
 * lists gets nothing of what stands around it: a plugin put below an application must not bundle the application's
 * own packages.
 */
export async function findWorkspace(folder: string): Promise<Workspace | undefined> {
  const owners = new Set([0, process.getuid?.(), (await stat(folder)).uid]);
  for (let root = dirname(folder); ; root = dirname(root)) {
    const patterns = await readPatterns(root, (uid) => owners.has(uid));
    if (matchesWorkspace(relative(root, folder), patterns)) {
      return { root, modules: await findModules(root), patterns };
    }
    if (root === dirname(root)) return undefined;
  }
}

/** True for a package that the workspace lists, by its real path. */
export async function isMember(workspace: Workspace, directory: string): Promise<boolean> {
  if (!matchesWorkspace(relative(workspace.root, directory), workspace.patterns)) return false;
  const json = await readText(join(directory, "package.json"), PACKAGE_JSON_MAX_BYTES, () => true);
  return json !== undefined;
}

/** Not a link: a root that was unpacked together with its plugin must not name a place of somebody else's. */
async function findModules(root: string): Promise<string | undefined> {
  const path = join(root, "node_modules");
  const stats = await lstat(path).catch(() => undefined);
  return stats?.isDirectory() ? path : undefined;
}

type OwnerTest = (uid: number) => boolean;

async function readPatterns(root: string, isOwner: OwnerTest): Promise<WorkspacePatterns> {
  const { uid, mode } = await stat(root);
  // Anybody can put a package.json into /tmp: it must not decide what the folders of others are made of.
  if (!isOwner(uid) || mode & 0o002) return parseWorkspacePatterns([]);
  const json = await readText(join(root, "package.json"), PACKAGE_JSON_MAX_BYTES, isOwner);
  const yaml = await readText(join(root, "pnpm-workspace.yaml"), PNPM_WORKSPACE_MAX_BYTES, isOwner);
  return parseWorkspacePatterns([...workspacesOf(json), ...packagesOf(yaml)]);
}

/** An ordinary file's text, not blocking and following no link; `undefined` when there is no good one. */
async function readText(path: string, maxBytes: number, isOwner: OwnerTest): Promise<string | undefined> {
  try {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
    const file = await open(path, flags);
    try {
      const stats = await file.stat();
      if (!stats.isFile() || stats.size > maxBytes || !isOwner(stats.uid)) return undefined;
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** `workspaces` of a package.json: a list, or an object with a list. */
function workspacesOf(text: string | undefined): readonly unknown[] {
  const workspaces = memberOf(parsed(text, JSON.parse), "workspaces");
  return listOf(Array.isArray(workspaces) ? workspaces : memberOf(workspaces, "packages"));
}

/** `packages` of a pnpm-workspace.yaml. */
function packagesOf(text: string | undefined): readonly unknown[] {
  const parse = (yaml: string): unknown => {
    const document = parseDocument(yaml, { logLevel: "silent" });
    return document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 100 });
  };
  return listOf(memberOf(parsed(text, parse), "packages"));
}

function parsed(text: string | undefined, parse: (text: string) => unknown): unknown {
  try {
    return text === undefined ? undefined : parse(text);
  } catch {
    // A workspace that cannot be read lists nobody.
    return undefined;
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
