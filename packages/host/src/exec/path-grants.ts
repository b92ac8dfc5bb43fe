import { realpath, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { PaddockError } from "@paddock/contract";
import type { GrantedMount } from "../isolation/isolation.js";
import { isWithin } from "./is-within.js";
import { findKeys, homeFolders } from "./keys.js";

/** Of the kernel, or made by us inside: nothing of the host's belongs there. */
const OWN_PLACES = ["/proc", "/sys", "/dev", "/data", "/inbox", "/outbox", "/.waiting", "/.launch-stub"];
/** Where the host keeps what it trusts: a program that writes there decides what others run. */
const TRUSTED_PLACES = [
  "/etc",
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/boot",
  "/run",
];
type Access = GrantedMount["access"];

/** Folders that matter to the host itself. */
export interface HostPlaces {
  /** Of the user that the host runs as. */
  readonly homes: readonly string[];
  /** Paddock's own. */
  readonly state: string;
}

/**
 * The grants as mounts, each at the path it was named by and, when that leads through a link, at the one it leads to.
 * Throws USAGE_INVALID for what is not there, and for grants that no program can be trusted with.
 */
export async function planPathGrants(
  { read = [], write = [] }: { readonly read?: readonly string[]; readonly write?: readonly string[] },
  state: string,
  folder = process.cwd(),
): Promise<readonly GrantedMount[]> {
  const homes = homeFolders();
  const places = {
    homes: [...new Set([...homes, ...(await Promise.all(homes.map(real)))])],
    state: await real(state),
  };
  const mounts = new Map<string, GrantedMount>();
  const add = async (name: string, access: Access) => {
    const path = assertText(name, access, folder);
    const source = await realpath(path).catch((error: NodeJS.ErrnoException) => {
      throw refused(
        access,
        name,
        stateOf(error),
        "Check the spelling; relative paths start at the current folder.",
      );
    });
    for (const one of new Set([path, source])) await assertSafe(one, name, access, places);
    const found = await stat(source);
    if (!found.isFile() && !found.isDirectory())
      throw refused(
        access,
        name,
        "it is neither a folder nor an ordinary file",
        "Grant the folder that it is in.",
      );
    for (const target of new Set([source, path])) mounts.set(target, { source, target, access });
  };
  for (const name of read) await add(name, "read");
  // Later, because writing includes reading.
  for (const name of write) await add(name, "write");
  return withoutShadows([...mounts.values()]);
}

/** Inside of another grant, a name that is a link works by itself: it leads to the other mount. */
function withoutShadows(mounts: readonly GrantedMount[]): readonly GrantedMount[] {
  const isInside = (target: string) => mounts.some((other) => target.startsWith(`${other.target}/`));
  return mounts.filter(({ source, target }) => source === target || !isInside(target));
}

function assertText(name: unknown, access: Access, folder: string): string {
  if (typeof name !== "string" || name === "" || name.includes("\0"))
    throw refused(access, name, "it is no path", "Give paths as texts.");
  return resolve(folder, name);
}

async function assertSafe(path: string, name: string, access: Access, places: HostPlaces): Promise<void> {
  const { homes, state } = places;
  const narrower = "Grant the folder that the program needs, not one above it.";
  if (path === "/") throw refused(access, name, "that is everything", narrower);
  if (path === "/tmp") throw refused(access, name, "the program has a /tmp of its own", narrower);
  if (OWN_PLACES.some((place) => isWithin(path, place)))
    throw refused(access, name, "no program may see the host there", "Leave it out.");
  if (isWithin(path, state) || isWithin(state, path))
    throw refused(access, name, "Paddock keeps its own state there", "Grant another folder.");
  if (homes.some((home) => isWithin(home, path)))
    throw refused(access, name, "your home folder, with keys and settings, is in it", narrower);
  const keys = await findKeys(path, homes);
  if (keys !== undefined)
    throw refused(
      access,
      name,
      `keys are kept there (${keys})`,
      "Copy what the program needs into a folder of its own.",
    );
  if (access === "read") return;
  if (TRUSTED_PLACES.some((place) => isWithin(path, place)))
    throw refused(
      access,
      name,
      "the host trusts what is there",
      "Let it write elsewhere, and copy what you have checked.",
    );
  if (programFolders().some((programs) => isWithin(path, programs)))
    throw refused(
      access,
      name,
      "programs are looked for there (PATH)",
      "Let it write elsewhere, and copy what you have checked.",
    );
  if (homes.some((home) => isSetting(path, home)))
    throw refused(
      access,
      name,
      "your shell and programs are set up there",
      "Let it write to an ordinary folder.",
    );
}

/** Whoever writes there says what a name means at the next command. */
function programFolders(): readonly string[] {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter((one) => isAbsolute(one))
    .map((one) => resolve(one));
}

/** Hidden things directly in a home folder; what is in its cache is nobody's setting. */
function isSetting(path: string, homeDirectory: string): boolean {
  if (!isWithin(path, homeDirectory) || isWithin(path, join(homeDirectory, ".cache"))) return false;
  return path.slice(homeDirectory.length + 1).startsWith(".");
}

async function real(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

function stateOf({ code }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "there is nothing";
  if (code === "EACCES") return "this user may not look there";
  if (code === "ELOOP") return "its links lead in a circle";
  return `it cannot be looked at (${code})`;
}

function refused(access: Access, name: unknown, state: string, hint: string): PaddockError {
  return new PaddockError(
    "USAGE_INVALID",
    `Cannot let the program ${access} ${JSON.stringify(name)}: ${state}.`,
    { hint },
  );
}
