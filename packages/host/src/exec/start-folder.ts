import { isAbsolute, resolve } from "node:path";
import { PaddockError } from "@paddock/contract";
import type { GrantedMount } from "../isolation/isolation.js";
import { isInTree } from "./system-root.js";

/**
 * Where the program starts: here when anything here or below is granted, so that relative paths mean what they mean
 * outside. Throws USAGE_INVALID for a folder that is not there inside.
 */
export function startFolder(
  wanted: string | undefined,
  mounts: readonly GrantedMount[],
  folder = process.cwd(),
): string {
  const isThere = (path: string) =>
    path === "/" || path === "/tmp" || path === "/usr" || isInTree(path) || isOnTheWay(path, mounts);
  if (wanted === undefined) return isOnTheWay(folder, mounts) ? folder : "/tmp";
  const path = isAbsolute(wanted) ? resolve(wanted) : resolve(folder, wanted);
  if (isThere(path)) return path;
  throw new PaddockError(
    "USAGE_INVALID",
    `Cannot start in ${JSON.stringify(wanted)}: the program cannot see it.`,
    {
      hint: "Grant it with read or write, or start in /tmp.",
    },
  );
}

/** Whether the folder lies in a grant, or a grant in it: then the way to it is there, and nothing beside the way. */
function isOnTheWay(folder: string, mounts: readonly GrantedMount[]): boolean {
  return mounts.some(
    ({ target }) => `${folder}/`.startsWith(`${target}/`) || `${target}/`.startsWith(`${folder}/`),
  );
}
