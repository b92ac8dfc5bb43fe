import { isAbsolute, resolve } from "node:path";
import { PaddockError } from "@paddock/contract";
import type { GrantedMount } from "../isolation/isolation.js";
import { isInTree } from "./system-root.js";

/** Where the program starts. Throws USAGE_INVALID for a folder that is not there inside. */
export function startFolder(
  wanted: string | undefined,
  mounts: readonly GrantedMount[],
  folder = process.cwd(),
): string {
  const isThere = (path: string) =>
    path === "/" ||
    path === "/tmp" ||
    path === "/usr" ||
    isInTree(path) ||
    mounts.some(
      ({ target }) => path === target || path.startsWith(`${target}/`) || target.startsWith(`${path}/`),
    );
  if (wanted === undefined)
    return mounts.some(({ target }) => `${folder}/`.startsWith(`${target}/`)) ? folder : "/tmp";
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
