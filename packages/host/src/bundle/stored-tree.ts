import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { PaddockError } from "@paddock/contract";
import { BoundedQueue } from "./bounded-queue.js";
import { type Digest, digestOf, type FileEntry } from "./digest.js";
import { systemCodeOf } from "./system-error.js";

/** Files hashed at a time. */
export const VERIFY_CONCURRENCY = 8;

/** Mount point of the plugin's own data in every stored tree; empty, and no part of the digest. */
export const DATA_DIRECTORY = "data";

/** A plugin's files in the store, whose bytes were compared with their digest by this host. */
export interface StoredTree {
  readonly digest: Digest;
  readonly directory: string;
  readonly files: readonly FileEntry[];
  /** What the kernel said of each file at that moment; changes with every write, even one that hides its time. */
  readonly marks: ReadonlyMap<string, string>;
}

/** Reads and hashes every file. Rejects with PLUGIN_INVALID when they are not those of the digest. */
export async function verifyTree(directory: string, digest: Digest): Promise<StoredTree> {
  const files: FileEntry[] = [];
  const marks = new Map<string, string>();
  const queue = new BoundedQueue(VERIFY_CONCURRENCY);
  try {
    for await (const path of walk(directory, "")) {
      await queue.add(async () => {
        const { entry, mark } = await readEntry(directory, path);
        files.push(entry);
        marks.set(path, mark);
      });
    }
    await queue.settled();
  } finally {
    await queue.idle();
  }
  if (digestOf(files) !== digest) throw changed(directory);
  return { digest, directory, files, marks };
}

/** Compares only what the kernel says of each file: cheap enough for every start of a guest. */
export async function assertUnchanged(tree: StoredTree): Promise<void> {
  const queue = new BoundedQueue(VERIFY_CONCURRENCY);
  let count = 0;
  try {
    for await (const path of walk(tree.directory, "")) {
      count += 1;
      await queue.add(async () => {
        const mark = markOf(await lstat(join(tree.directory, path), { bigint: true }));
        if (mark !== tree.marks.get(path)) throw changed(tree.directory);
      });
    }
    await queue.settled();
  } finally {
    await queue.idle();
  }
  if (count !== tree.marks.size) throw changed(tree.directory);
}

async function* walk(directory: string, below: string): AsyncGenerator<string> {
  for (const child of await readdir(join(directory, below), { withFileTypes: true })) {
    const path = below === "" ? child.name : `${below}/${child.name}`;
    if (!child.isDirectory()) yield path;
    else yield* walk(directory, path);
  }
}

async function readEntry(directory: string, path: string) {
  const file = await openEntry(directory, path);
  try {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) throw changed(directory);
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 })) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    const mode = stats.mode & 0o100n ? ("0755" as const) : ("0644" as const);
    return { entry: { path, mode, sha256: hash.digest("hex"), bytes }, mark: markOf(stats) };
  } finally {
    await file.close();
  }
}

async function openEntry(directory: string, path: string): Promise<FileHandle> {
  try {
    return await open(
      join(directory, path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
  } catch (error) {
    // A link or a socket where a file was.
    throw ["ELOOP", "ENXIO", "ENOENT"].includes(systemCodeOf(error)) ? changed(directory) : error;
  }
}

function markOf(stats: BigIntStats): string {
  return [stats.dev, stats.ino, stats.size, stats.mode, stats.mtimeNs, stats.ctimeNs].join(" ");
}

function changed(directory: string): PaddockError {
  return new PaddockError(
    "PLUGIN_INVALID",
    `Cannot use the plugin in "${directory}": it has changed in the store.`,
    {
      hint: "Find out who wrote there, remove that folder, and load the plugin again.",
    },
  );
}
