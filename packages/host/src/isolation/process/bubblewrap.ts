import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { promisify } from "node:util";
import { exhaustedHint } from "../../exhausted.js";

/** Ubuntu's AppArmor profile lets exactly this path make user namespaces, so it is tried first. */
const PATHS = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap", "/run/current-system/sw/bin/bwrap"];

/** Ubuntu 22.04's version. The walls were tested with 0.8.0 (Debian 12). */
export const MIN_BUBBLEWRAP = "0.6.0";

export interface Bubblewrap {
  readonly path: string;
  readonly version: string;
}

/** The bubblewrap of this machine, or the words that say why there is none to use. Rejects when the host is exhausted. */
export async function findBubblewrap(paths: readonly string[] = PATHS): Promise<Bubblewrap | string> {
  for (const path of paths) {
    if (!(await isExecutable(path))) continue;
    const version = await readVersion(path);
    if (version === undefined) return `${path} does not say its version`;
    if (isOlder(version, MIN_BUBBLEWRAP))
      return `${path} is version ${version}, older than ${MIN_BUBBLEWRAP}`;
    return { path, version };
  }
  return `none of ${paths.join(", ")} exists`;
}

/** How bubblewrap takes its arguments from a descriptor: each followed by a NUL byte. */
export function encodeArguments(args: readonly string[]): Buffer {
  for (const arg of args) {
    // A NUL inside a path would split it in two arguments.
    if (arg.includes("\0")) throw new TypeError("an argument holds a NUL byte");
  }
  return Buffer.from(args.map((arg) => `${arg}\0`).join(""));
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function readVersion(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: 5_000, env: {} });
    return /^bubblewrap (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch (error) {
    // Then it is not bubblewrap that is missing something.
    if (exhaustedHint(error) !== undefined) throw error;
    return undefined;
  }
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version.split(".").map(Number), than.split(".").map(Number)];
  for (const [at, part] of b.entries()) {
    const own = a[at] ?? 0;
    if (own !== part) return own < part;
  }
  return false;
}
