import type { FileHandle } from "node:fs/promises";
import { BoundedQueue } from "./bounded-queue.js";
import { type Digest, digestOf, type FileEntry } from "./digest.js";
import { invalid, type OpenFile, openFiles } from "./hostile-folder.js";
import type { Staging } from "./staging.js";
import type { BundleStore } from "./store.js";
import { toStoreError } from "./system-error.js";

/** Files copied at a time. */
export const SNAPSHOT_CONCURRENCY = 8;
const CHUNK_BYTES = 256 * 1024;

/** A copy of a plugin's folder that nobody else writes to: not yet in the store, but in its staging place. */
export interface Snapshot {
  /** Identity of the source files. */
  readonly sourceDigest: Digest;
  readonly files: readonly FileEntry[];
  /** Add to it, then commit it to the store or discard it. */
  readonly staging: Staging;
}

/**
 * Copies a folder that may be hostile, without waiting on anything in it and without following its links.
 * Rejects with PLUGIN_INVALID naming the first file that cannot be used; nothing is left behind then.
 */
export async function snapshotFolder(folder: string, store: BundleStore): Promise<Snapshot> {
  const staging = await store.stage();
  const queue = new BoundedQueue(SNAPSHOT_CONCURRENCY);
  try {
    for await (const file of openFiles(folder)) await addOrClose(queue, file, staging);
    await queue.settled();
    const files = staging.files();
    return { sourceDigest: digestOf(files), files, staging };
  } catch (error) {
    await queue.idle();
    await staging.discard();
    throw toStoreError(error, `take a snapshot of "${folder}"`);
  }
}

async function addOrClose(queue: BoundedQueue, file: OpenFile, staging: Staging): Promise<void> {
  try {
    await queue.add(() => copyFile(file, staging));
  } catch (error) {
    // An earlier file failed; this one was never begun.
    await file.handle.close();
    throw error;
  }
}

/** Once more when the file changed under our hands; a file that never rests is refused. */
async function copyFile({ path, mode, handle }: OpenFile, staging: Staging): Promise<void> {
  try {
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const before = await markOf(handle);
      await staging.write(path, mode, readFrom(handle, before.size));
      const after = await markOf(handle);
      if (before.mark === after.mark) return;
    }
  } finally {
    await handle.close();
  }
  throw invalid(path, "it changes while it is read", "Stop what writes to it, then load the plugin again.");
}

/** At most `size` bytes: a file that grows for ever must not be read for ever. */
async function* readFrom(handle: FileHandle, size: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(Math.min(size, CHUNK_BYTES) || 1);
  for (let position = 0; position < size; ) {
    const wanted = Math.min(buffer.length, size - position);
    const { bytesRead } = await handle.read(buffer, 0, wanted, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}

async function markOf(handle: FileHandle): Promise<{ readonly size: number; readonly mark: string }> {
  const { size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
  // Safe: ordinary files above the bound were refused before they were opened.
  return { size: Number(size), mark: `${size} ${mtimeNs} ${ctimeNs}` };
}
