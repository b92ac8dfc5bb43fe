import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, opendir } from "node:fs/promises";
import { PaddockError } from "@paddock/contract";
import type { FileMode } from "./digest.js";
import {
  EXCLUDED_ANYWHERE,
  EXCLUDED_AT_TOP,
  FOLDER_MAX_BYTES,
  FOLDER_MAX_DEPTH,
  FOLDER_MAX_FILE_BYTES,
  FOLDER_MAX_FILES,
  FOLDER_MAX_FOLDERS,
  FOLDER_MAX_PATH_BYTES,
  RESERVED_AT_TOP,
} from "./folder-bounds.js";
import { decodeName, findFaultInName, printable } from "./folder-name.js";
import { isExhausted, systemCodeOf } from "./system-error.js";

/** A regular file of the folder, open. Who receives it closes it. */
export interface OpenFile {
  readonly path: string;
  readonly mode: FileMode;
  readonly handle: FileHandle;
}

const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
// Not blocking: opening a FIFO that somebody puts in a file's place must not hold a thread for ever.
const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Every regular file of a folder that may be hostile and may change meanwhile. Each is opened below the descriptor
 * of its own directory with no link followed, so that a directory swapped for a link leads nowhere else.
 * Throws PLUGIN_INVALID naming the path for everything that is not an ordinary readable file or exceeds a bound.
 */
export async function* openFiles(folder: string): AsyncGenerator<OpenFile> {
  // Once without opening anything: a folder that is too large is refused before any of it is copied.
  for await (const _ of walk(folder));
  for await (const { location, path } of walk(folder)) yield await openOrdinary(location, path);
}

interface Found {
  /** Below the descriptor of its directory, which is open only until the next one is asked for. */
  readonly location: string;
  readonly path: string;
}

async function* walk(folder: string): AsyncGenerator<Found> {
  const counts = { files: 0, folders: 0, bytes: 0n };
  yield* walkDirectory(folder, "", 1);

  async function* walkDirectory(place: string, below: string, depth: number): AsyncGenerator<Found> {
    if (depth > FOLDER_MAX_DEPTH) throw invalid(below, `it lies more than ${FOLDER_MAX_DEPTH} folders deep`);
    // The folder itself may be named through a link: its name is the operator's.
    const flags = below === "" ? constants.O_RDONLY | constants.O_DIRECTORY : OPEN_DIRECTORY;
    const directory = await openOrExplain(place, flags, below || folder);
    try {
      const base = `/proc/self/fd/${directory.fd}`;
      for (const name of await listNames(base, below)) {
        const path = below === "" ? decode(name) : `${below}/${decode(name)}`;
        const location = `${base}/${decode(name)}`;
        const stats = await statOrExplain(location, path);
        if (stats.isDirectory()) {
          counts.folders += 1;
          if (counts.folders > FOLDER_MAX_FOLDERS) throw tooMany("folders", FOLDER_MAX_FOLDERS);
          yield* walkDirectory(location, path, depth + 1);
          continue;
        }
        assertOrdinary(stats, path);
        counts.files += 1;
        counts.bytes += stats.size;
        if (counts.files > FOLDER_MAX_FILES) throw tooMany("files", FOLDER_MAX_FILES);
        if (counts.bytes > FOLDER_MAX_BYTES) throw tooMany("bytes", FOLDER_MAX_BYTES);
        yield { location, path };
      }
    } finally {
      await directory.close();
    }
  }
}

export function invalid(path: string, state: string, hint?: string): PaddockError {
  return new PaddockError(
    "PLUGIN_INVALID",
    `Cannot use the file "${printable(path)}" of the plugin: ${state}.`,
    {
      hint: hint ?? "Remove or rename it, or move it out of the plugin's folder.",
      data: { path: printable(path) },
    },
  );
}

/** Sorted, without what is left out; bounded while it is read. */
async function listNames(base: string, below: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of await opendir(base, { encoding: "latin1" })) {
    if (EXCLUDED_ANYWHERE.has(name) || (below === "" && EXCLUDED_AT_TOP.has(name))) continue;
    const path = `${below}${below === "" ? "" : "/"}${decodeName(name) ?? name}`;
    const fault = findFaultInName(name);
    if (fault !== undefined) throw invalid(path, fault);
    if (Buffer.byteLength(path) > FOLDER_MAX_PATH_BYTES) {
      throw invalid(path, `its path is longer than ${FOLDER_MAX_PATH_BYTES} bytes`);
    }
    if (below === "" && name === RESERVED_AT_TOP) throw invalid(path, "the name is reserved for the host");
    if (names.length >= FOLDER_MAX_FILES + FOLDER_MAX_FOLDERS) throw tooMany("files", FOLDER_MAX_FILES);
    names.push(name);
  }
  return names.sort();
}

async function openOrdinary(location: string, path: string): Promise<OpenFile> {
  const handle = await openOrExplain(location, OPEN_FILE, path);
  try {
    const stats = await handle.stat({ bigint: true });
    assertOrdinary(stats, path);
    return { path, mode: stats.mode & 0o100n ? "0755" : "0644", handle };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function assertOrdinary(stats: BigIntStats, path: string): void {
  if (stats.isSymbolicLink()) {
    throw invalid(path, "it is a symbolic link", "Put a copy of the file in its place.");
  }
  if (!stats.isFile()) throw invalid(path, `it is a ${kindOf(stats)}`);
  if (stats.size > FOLDER_MAX_FILE_BYTES) {
    throw invalid(path, `it is larger than ${FOLDER_MAX_FILE_BYTES / 1024 ** 2} MB`);
  }
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFIFO()) return "FIFO";
  if (stats.isSocket()) return "socket";
  return stats.isDirectory() ? "folder" : "device";
}

async function openOrExplain(location: string, flags: number, path: string): Promise<FileHandle> {
  try {
    return await open(location, flags);
  } catch (error) {
    throw explain(error, path);
  }
}

async function statOrExplain(location: string, path: string): Promise<BigIntStats> {
  try {
    return await lstat(location, { bigint: true });
  } catch (error) {
    throw explain(error, path);
  }
}

function explain(error: unknown, path: string): unknown {
  if (isExhausted(error)) return error;
  const code = systemCodeOf(error);
  if (code === "EACCES" || code === "EPERM") {
    return invalid(path, "the host may not read it", "Make it readable for the user that runs the host.");
  }
  return invalid(path, STATES[code] ?? `it cannot be read (${code})`);
}

const STATES: Readonly<Record<string, string>> = {
  ELOOP: "it is a symbolic link",
  ENOENT: "it does not exist or went away while it was read",
  ENOTDIR: "it is not a folder",
  ENXIO: "it is a socket or a device",
};

function tooMany(what: string, bound: number): PaddockError {
  return new PaddockError("PLUGIN_INVALID", `Cannot load the plugin: it has more than ${bound} ${what}.`, {
    hint: "Keep only what the plugin needs in its folder; dependencies belong in node_modules.",
  });
}

function decode(name: string): string {
  return decodeName(name) ?? name;
}
