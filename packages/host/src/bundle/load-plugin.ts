import { realpath } from "node:fs/promises";
import { posix } from "node:path";
import { PaddockError } from "@paddock/contract";
import type { Isolation } from "../isolation/isolation.js";
import type { NodeRuntime } from "../runtimes/node.js";
import { type BundleKey, recallBundle, rememberBundle } from "./bundle-cache.js";
import { type Bundle, bundleEntry } from "./bundle-entry.js";
import { findBundlerFiles } from "./bundler-inputs.js";
import type { Digest, FileEntry } from "./digest.js";
import { RESERVED_AT_TOP } from "./folder-bounds.js";
import { printable } from "./folder-name.js";
import { findLinkedPackages, type LinkedPackages } from "./linked-packages.js";
import { type Snapshot, snapshotFolder } from "./snapshot.js";
import type { Staging } from "./staging.js";
import type { BundleStore } from "./store.js";
import type { StoredTree } from "./stored-tree.js";
import { toStoreError } from "./system-error.js";

export interface LoadPluginOptions {
  readonly folder: string;
  /** The manifest's `runtime.entry`. */
  readonly entry: string;
  /** Whether the entry is bundled with what it imports; else the author's files are stored as they are. */
  readonly isBundled: boolean;
  readonly store: BundleStore;
  readonly isolation: Isolation;
  readonly node: NodeRuntime;
  readonly signal?: AbortSignal | undefined;
}

/** Code that is ready to run, and can never change. */
export interface LoadedCode {
  /** The plugin's identity: content of every file that a guest of it sees. */
  readonly digest: Digest;
  /** The stored files, mounted at /plugin. */
  readonly directory: string;
  /** The first file, as the guest sees it. */
  readonly entry: string;
  /** Identity of the author's files alone. */
  readonly sourceDigest: Digest;
  /** For `store.check` before each start. */
  readonly tree: StoredTree;
  /** Folders outside of the plugin's own that links in its node_modules lead to: worth showing to the operator. */
  readonly linked: readonly string[];
}

const BUNDLED = `${RESERVED_AT_TOP}/main.mjs`;

/**
 * From a folder that may be hostile to stored code: snapshot, bundle, store. An unchanged plugin is not bundled
 * again. Rejects with PLUGIN_INVALID, BUNDLE_FAILED, STORE_FAILED, HOST_EXHAUSTED or SETUP_FAILED; nothing is left
 * behind then.
 */
export async function loadPluginCode(options: LoadPluginOptions): Promise<LoadedCode> {
  const { store, signal } = options;
  const folder = await findFolder(options.folder);
  const snapshot = await snapshotFolder(folder, store);
  try {
    signal?.throwIfAborted();
    const entry = findEntry(options.entry, snapshot.files);
    const { sourceDigest } = snapshot;
    if (!options.isBundled) {
      const tree = await store.commit(snapshot.staging);
      return { ...stored(tree, entry), sourceDigest, linked: [] };
    }
    const linked = await findLinkedPackages(folder);
    const tree = await bundleOnce(options, { folder, entry, linked, snapshot });
    return { ...stored(tree, BUNDLED), sourceDigest, linked: linked.directories };
  } finally {
    await snapshot.staging.discard();
  }
}

function stored(
  tree: StoredTree,
  entry: string,
): Pick<LoadedCode, "digest" | "directory" | "entry" | "tree"> {
  return { digest: tree.digest, directory: tree.directory, entry: `/plugin/${entry}`, tree };
}

async function findFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (cause) {
    throw new PaddockError(
      "PLUGIN_INVALID",
      `Cannot load the plugin in "${folder}": there is no such folder.`,
      {
        hint: "Check the path.",
        cause,
      },
    );
  }
}

function findEntry(wanted: string, files: readonly FileEntry[]): string {
  const entry = posix.normalize(wanted);
  if (files.some((file) => file.path === entry)) return entry;
  const isFolder = files.some((file) => file.path.startsWith(`${entry}/`));
  const name = printable(wanted);
  throw new PaddockError(
    "PLUGIN_INVALID",
    `Cannot load the plugin: its entry "${name}" ${isFolder ? "is a folder" : "does not exist"}.`,
    {
      hint: isFolder
        ? `Name the file in runtime.entry, for example "${name}/main.ts".`
        : "Correct runtime.entry in the manifest; it is relative to the plugin's folder and not in node_modules.",
      data: { entry: name },
    },
  );
}

interface Source {
  readonly folder: string;
  readonly entry: string;
  readonly linked: LinkedPackages;
  readonly snapshot: Snapshot;
}

async function bundleOnce(options: LoadPluginOptions, source: Source): Promise<StoredTree> {
  const { store, isolation, node, signal } = options;
  const { folder, entry, linked } = source;
  const { sourceDigest, staging } = source.snapshot;
  const files = await findBundlerFiles();
  const key: BundleKey = { folder, sourceDigest, entry, linked, version: files.version };
  const known = await recallBundle(store.directory, key);
  const stored = known && (await store.open(known));
  if (stored !== undefined) return stored;
  const startedMs = Date.now();
  const request = { folder, source: staging.directory, entry, linked };
  const bundle = await bundleEntry(request, { isolation, node, files }, signal);
  await addBundle(staging, bundle);
  const tree = await store.commit(staging);
  await rememberBundle(store.directory, key, bundle, tree.digest, startedMs);
  return tree;
}

async function addBundle(staging: Staging, { code, map }: Bundle): Promise<void> {
  try {
    await staging.write(BUNDLED, "0644", once(code));
    if (map !== undefined) await staging.write(`${BUNDLED}.map`, "0644", once(map));
  } catch (error) {
    throw toStoreError(error, "store the bundled code");
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
