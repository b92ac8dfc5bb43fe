import { createHash } from "node:crypto";
import { chmod, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { draftOf } from "../drafts.js";
import { BoundedQueue } from "./bounded-queue.js";
import type { FileEntry, FileMode } from "./digest.js";

/** Files synced at a time. */
export const STAGING_CONCURRENCY = 8;

/** A tree that is being made: read by nobody else, removed when the host dies before it is placed. */
export interface Staging {
  /** Readable by every user of the machine, like everything in the store. */
  readonly directory: string;
  /** What has been written so far. */
  files(): readonly FileEntry[];
  /** Writes one file, replacing an earlier one of that path. Its content may come in pieces. */
  write(path: string, mode: FileMode, content: AsyncIterable<Uint8Array>): Promise<FileEntry>;
  /** Makes an empty directory that files are mounted on later; no part of the digest. */
  makeMountPoint(path: string): Promise<void>;
  /** Makes everything durable and moves it to its place in one step. */
  place(target: string): Promise<void>;
  /** Removes what was written. May be called twice, and after `place`. */
  discard(): Promise<void>;
}

/** Starts a tree in `parent`, under a name that tells whose it is. */
export async function createStaging(parent: string): Promise<Staging> {
  const root = draftOf(join(parent, "tree"));
  const directory = join(root, "tree");
  await makeDirectory(root);
  await makeDirectory(directory);
  const files = new Map<string, FileEntry>();
  const directories = new Set([directory]);
  const makeParents = async (path: string): Promise<void> => {
    const missing: string[] = [];
    for (let at = path; !directories.has(at); at = dirname(at)) missing.push(at);
    for (const each of missing.reverse()) await makeDirectory(each);
    for (const each of missing) directories.add(each);
  };
  return {
    directory,
    files: () => [...files.values()],
    async write(path, mode, content) {
      const target = join(directory, path);
      await makeParents(dirname(target));
      const entry = { path, mode, ...(await writeFile(target, content)) };
      files.set(path, entry);
      return entry;
    },
    makeMountPoint: (path) => makeParents(join(directory, path)),
    async place(target) {
      await seal(directory, [...files.values()]);
      // Deepest first, so that no directory is durable before what it names.
      for (const each of [...directories].sort((a, b) => b.length - a.length)) await syncDirectory(each);
      await rename(directory, target);
      await syncDirectory(dirname(target));
      await rm(root, { recursive: true, force: true });
    },
    discard: () => rm(root, { recursive: true, force: true }),
  };
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  // The umask of the host may be stricter: guests of other users must be able to search the store.
  await chmod(path, 0o755);
}

async function writeFile(path: string, content: AsyncIterable<Uint8Array>) {
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await open(path, "w");
  try {
    // Whatever the umask: the bundler reads it before it is sealed, as a user of its own.
    await file.chmod(0o644);
    for await (const chunk of content) {
      hash.update(chunk);
      bytes += chunk.length;
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return { sha256: hash.digest("hex"), bytes };
}

async function seal(directory: string, files: readonly FileEntry[]): Promise<void> {
  const queue = new BoundedQueue(STAGING_CONCURRENCY);
  try {
    for (const { path, mode } of files) {
      await queue.add(async () => {
        const file = await open(join(directory, path), "r+");
        try {
          await file.chmod(mode === "0755" ? 0o555 : 0o444);
          await file.sync();
        } finally {
          await file.close();
        }
      });
    }
    await queue.settled();
  } finally {
    await queue.idle();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
