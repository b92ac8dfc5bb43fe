import { chmod, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { sweepDrafts } from "../drafts.js";
import { type Digest, digestOf, hexOf } from "./digest.js";
import { createStaging, type Staging } from "./staging.js";
import { assertUnchanged, DATA_DIRECTORY, type StoredTree, verifyTree } from "./stored-tree.js";
import { systemCodeOf, toStoreError } from "./system-error.js";

/**
 * Plugins' files by content, below one directory. A tree in it is never written again; every user of the machine
 * can read it, because guests have users of their own. Failures are STORE_FAILED, HOST_EXHAUSTED when the host is
 * out of descriptors, PLUGIN_INVALID when a tree is not what its name says. Nothing is left behind.
 */
export interface BundleStore {
  readonly directory: string;
  /** Removes the trees that a killed host was making. */
  sweep(): Promise<void>;
  /** Starts a new tree. The caller commits or discards it. */
  stage(): Promise<Staging>;
  /** Places the tree under its digest, or verifies and returns the one that is there already. */
  commit(staging: Staging): Promise<StoredTree>;
  /** The tree with that digest, every byte compared; `undefined` when there is none. */
  open(digest: Digest): Promise<StoredTree | undefined>;
  /** Rejects with PLUGIN_INVALID when anybody touched the tree since it was opened. */
  check(tree: StoredTree): Promise<void>;
}

export function createBundleStore(directory: string): BundleStore {
  const trees = join(directory, "trees");
  const staging = join(directory, "staging");
  let prepared: Promise<void> | undefined;
  const prepare = (): Promise<void> => {
    prepared ??= makeDirectories([directory, trees, staging]).catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  };
  const open = async (digest: Digest): Promise<StoredTree | undefined> => {
    const path = join(trees, hexOf(digest));
    return (await exists(path)) ? verifyTree(path, digest) : undefined;
  };
  const doing = `write to the plugin store "${directory}"`;
  return {
    directory,
    sweep: () => translate(doing, () => sweepDrafts(staging)),
    async stage() {
      return translate(doing, async () => {
        await prepare();
        return createStaging(staging);
      });
    },
    async commit(tree) {
      const digest = digestOf(tree.files());
      return translate(doing, async () => {
        try {
          const existing = await open(digest);
          if (existing !== undefined) return existing;
          await tree.makeMountPoint(DATA_DIRECTORY);
          await placeOnce(tree, join(trees, hexOf(digest)));
          return await verifyTree(join(trees, hexOf(digest)), digest);
        } finally {
          await tree.discard();
        }
      });
    },
    open: (digest) => translate(`read the plugin store "${directory}"`, () => open(digest)),
    check: (tree) => translate(`read the plugin store "${directory}"`, () => assertUnchanged(tree)),
  };
}

/** Another host may place the same tree at the same moment; it is verified afterwards like our own. */
async function placeOnce(tree: Staging, target: string): Promise<void> {
  try {
    await tree.place(target);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes(systemCodeOf(error))) throw error;
  }
}

async function makeDirectories(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function translate<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStoreError(error, doing);
  }
}
