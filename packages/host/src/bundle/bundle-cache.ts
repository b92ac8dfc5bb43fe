import { constants } from "node:fs";
import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { draftOf } from "../drafts.js";
import type { Bundle, OutsideModule } from "./bundle-entry.js";
import { type Digest, sha256Of } from "./digest.js";
import { FOLDER_MAX_FILE_BYTES } from "./folder-bounds.js";
import type { LinkedPackages } from "./linked-packages.js";

/** Larger records are not kept: the plugin is bundled each time. */
export const BUNDLE_RECORD_MAX_BYTES = 8 * 1024 ** 2;

/** What installers write whenever they change anything below. */
const INSTALLED = [".package-lock.json", ".modules.yaml", ".yarn-state.yml"] as const;
const ABSENT = "absent";

/** Everything that decides what a bundle is, apart from the files in `node_modules`. */
export interface BundleKey {
  readonly folder: string;
  readonly sourceDigest: Digest;
  readonly entry: string;
  readonly linked: LinkedPackages;
  /** Versions of the bundler and of the packages that it takes from the host. */
  readonly version: string;
}

const record = z.strictObject({
  tree: z.templateLiteral(["sha256:", z.string().regex(/^[0-9a-f]{64}$/)]),
  inputs: z.record(z.string(), z.string()),
});

/** Digest of the tree that an earlier load made from the very same files; `undefined` when any has changed. */
export async function recallBundle(directory: string, key: BundleKey): Promise<Digest | undefined> {
  try {
    const text = await readFile(fileFor(directory, key), "utf8");
    const { tree, inputs } = record.parse(JSON.parse(text));
    for (const [path, expected] of Object.entries(inputs)) {
      if ((await fingerprint(path, Number.POSITIVE_INFINITY)) !== expected) return undefined;
    }
    return tree;
  } catch {
    // Missing, from another version, or damaged: bundled again.
    return undefined;
  }
}

/**
 * Remembers which tree came of which files. Files that changed after `startedMs` may not be those that the bundler
 * read, and then nothing is remembered.
 */
export async function rememberBundle(
  directory: string,
  key: BundleKey,
  bundle: Bundle,
  tree: Digest,
  startedMs: number,
): Promise<void> {
  const inputs: Record<string, string> = Object.create(null);
  for (const path of pathsThatMatter(key.linked, bundle.outside)) {
    const found = await fingerprint(path, startedMs);
    if (found === undefined) return;
    inputs[path] = found;
  }
  const text = JSON.stringify({ tree, inputs });
  if (text.length > BUNDLE_RECORD_MAX_BYTES) return;
  const file = fileFor(directory, key);
  const temporary = draftOf(file);
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, text);
    await rename(temporary, file);
  } catch {
    // Only a shortcut: a full disk must not fail a load that has succeeded.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

function fileFor(directory: string, key: BundleKey): string {
  const { folder, sourceDigest, entry, linked, version } = key;
  const text = JSON.stringify([
    folder,
    sourceDigest,
    entry,
    linked.own,
    linked.directories,
    [...linked.unreachable],
    version,
    process.version,
  ]);
  return join(directory, "bundles", `${sha256Of(text)}.json`);
}

/** The modules, the package.json files above each of them, and what tells of an installation. */
function pathsThatMatter(linked: LinkedPackages, modules: readonly OutsideModule[]): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const { path, root } of modules) {
    paths.add(path);
    for (let at = dirname(path); at.length >= root.length; at = dirname(at))
      paths.add(join(at, "package.json"));
  }
  for (const root of [linked.own ?? [], linked.directories].flat()) {
    for (const name of INSTALLED) paths.add(join(root, name));
  }
  return paths;
}

/** SHA-256 of a file, "absent", or `undefined` when it is younger than `beforeMs` or no ordinary file. */
async function fingerprint(path: string, beforeMs: number): Promise<string | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => undefined);
  if (file === undefined) return ABSENT;
  try {
    const stats = await file.stat();
    const isUsable = stats.isFile() && stats.size <= FOLDER_MAX_FILE_BYTES;
    return isUsable && stats.ctimeMs < beforeMs ? sha256Of(await file.readFile()) : undefined;
  } finally {
    await file.close();
  }
}
