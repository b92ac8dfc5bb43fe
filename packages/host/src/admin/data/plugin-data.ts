import { lstat } from "node:fs/promises";
import { PaddockError, toPaddockError } from "@paddock/contract";
import type { KeyValues, Store } from "../../store/store.js";
import type { LoadedPlugin } from "../../supervisor/plugin.js";
import type { DataTask } from "./data-guest.js";
import type { DataRooms } from "./data-guest-launch.js";
import type { DataEntry } from "./data-line.js";
import { MAX_LISTED_ENTRIES, Visit } from "./data-visit.js";
import { TAR_END, tarHeader, tarPadding } from "./tar.js";

/** Keys taken from the store at a time. */
const KEYS_AT_A_TIME = 500;

export interface DataFile {
  /** Below the plugin's data folder; hostile text. */
  readonly path: string;
  readonly kind: DataEntry["kind"];
  readonly bytes: number;
  readonly modifiedAt: string;
}

/** What a plugin keeps for one tenant. */
export interface DataListing {
  readonly plugin: string;
  readonly tenant: string;
  readonly files: readonly DataFile[];
  /** False when there are more files than the list names. */
  readonly isComplete: boolean;
  readonly fileCount: number;
  readonly fileBytes: number;
  readonly keyCount: number;
}

export interface PluginData {
  show(plugin: LoadedPlugin, tenant: string, signal: AbortSignal): Promise<DataListing>;
  /** A tar archive: its files below `data/`, its key-value entries in `key-values.ndjson`. Links are left out. */
  export(
    plugin: LoadedPlugin,
    tenant: string,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined>;
  /** Erases all of it. Only while no guest of that plugin and tenant runs. */
  clear(plugin: LoadedPlugin, tenant: string, signal: AbortSignal): Promise<{ readonly entries: number }>;
}

export interface PluginDataRooms extends DataRooms {
  readonly store: Store;
}

/** What plugins keep, looked at from inside their walls. Rejects with what a launch rejects with, and STORE_FAILED. */
export function createPluginData(rooms: PluginDataRooms): PluginData {
  const keyValues = (plugin: LoadedPlugin, tenant: string) =>
    rooms.store.keyValues({ plugin: plugin.manifest.id, tenant });
  return {
    show: async (plugin, tenant, signal) => {
      const keyCount = await countKeys(keyValues(plugin, tenant));
      const listing = { plugin: plugin.manifest.id, tenant, keyCount };
      if (!(await hasFiles(plugin, tenant))) {
        return { ...listing, files: [], isComplete: true, fileCount: 0, fileBytes: 0 };
      }
      return visit(rooms, plugin, tenant, "list", signal, async (reader) => {
        const { files, end } = await readList(reader);
        const isComplete = end.entries === files.length;
        return { ...listing, files, isComplete, fileCount: end.entries, fileBytes: end.bytes };
      });
    },
    export: (plugin, tenant, signal) => exportData(rooms, plugin, tenant, keyValues(plugin, tenant), signal),
    clear: async (plugin, tenant, signal) => {
      const isThere = await hasFiles(plugin, tenant);
      const { entries } = isThere
        ? await visit(rooms, plugin, tenant, "clear", signal, readEnd)
        : { entries: 0 };
      await clearKeys(keyValues(plugin, tenant));
      return { entries };
    },
  };
}

async function* exportData(
  rooms: PluginDataRooms,
  plugin: LoadedPlugin,
  tenant: string,
  stored: KeyValues,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!(await hasFiles(plugin, tenant))) {
    yield* keyValueEntry(stored);
    yield TAR_END;
    return;
  }
  const visitor = await Visit.begin(rooms, plugin, tenant, "export", signal);
  // Hard links and files with holes can make an archive far larger than what is stored.
  const maxBytes = 4 * plugin.limits.diskBytes + 64 * 1024 ** 2;
  let total = 0;
  try {
    for (;;) {
      const line = await visitor.line();
      if (line.kind === "end") break;
      const { entry } = line;
      if (entry.kind !== "file" && entry.kind !== "folder") continue;
      total += entry.bytes;
      if (total > maxBytes) throw tooLarge(plugin, maxBytes);
      yield tarHeader({
        ...entry,
        kind: entry.kind,
        path: Buffer.concat([Buffer.from("data/"), entry.path]),
      });
      for await (const piece of visitor.bytes(entry.bytes)) yield piece;
      yield tarPadding(entry.bytes);
    }
    await visitor.end();
    yield* keyValueEntry(stored);
    yield TAR_END;
  } catch (error) {
    throw await visitor.fail(error);
  } finally {
    await visitor.close();
  }
}

/** A look alone must not make a place for a tenant that has never been there. */
async function hasFiles(plugin: LoadedPlugin, tenant: string): Promise<boolean> {
  try {
    await lstat(plugin.dataDirectory(tenant).source);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw toPaddockError(error, `look at the files of "${plugin.manifest.id}"`);
  }
}

async function* keyValueEntry(stored: KeyValues): AsyncGenerator<Uint8Array, void, undefined> {
  const lines: Buffer[] = [];
  for await (const key of keysOf(stored)) {
    const value = await stored.get(key);
    // The bounds of the store keep all of them together at the size of the plugin's quota.
    if (value !== undefined)
      lines.push(Buffer.from(`${JSON.stringify({ key, value: JSON.parse(value) })}\n`));
  }
  const content = Buffer.concat(lines);
  const path = Buffer.from("key-values.ndjson");
  yield tarHeader({ path, kind: "file", bytes: content.length, mode: 0o600, modifiedMs: Date.now() });
  yield content;
  yield tarPadding(content.length);
}

async function* keysOf(stored: KeyValues): AsyncGenerator<string, void, undefined> {
  for (let after = ""; ; ) {
    const keys = await stored.list({ prefix: "", after, limit: KEYS_AT_A_TIME });
    yield* keys;
    const last = keys.at(-1);
    if (last === undefined || keys.length < KEYS_AT_A_TIME) return;
    after = last;
  }
}

async function clearKeys(stored: KeyValues): Promise<void> {
  for (;;) {
    const keys = await stored.list({ prefix: "", after: "", limit: KEYS_AT_A_TIME });
    if (keys.length === 0) return;
    await Promise.all(keys.map((key) => stored.delete(key)));
  }
}

async function countKeys(stored: KeyValues): Promise<number> {
  let count = 0;
  for await (const _key of keysOf(stored)) count++;
  return count;
}

async function readList(visitor: Visit) {
  const files: DataFile[] = [];
  for (;;) {
    const line = await visitor.line();
    if (line.kind === "end") return { files, end: line };
    if (files.length >= MAX_LISTED_ENTRIES) continue;
    const { path, kind, bytes, modifiedMs } = line.entry;
    files.push({ path: path.toString("utf8"), kind, bytes, modifiedAt: toIso(modifiedMs) });
  }
}

async function readEnd(visitor: Visit) {
  const line = await visitor.line();
  if (line.kind !== "end") throw new PaddockError("PROTOCOL_VIOLATION", "Cannot clear a plugin's files.");
  return line;
}

/** A plugin may set any time on its files, also one that has no date. */
function toIso(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}

async function visit<T>(
  rooms: PluginDataRooms,
  plugin: LoadedPlugin,
  tenant: string,
  kind: DataTask["kind"],
  signal: AbortSignal,
  use: (visitor: Visit) => Promise<T>,
): Promise<T> {
  const visitor = await Visit.begin(rooms, plugin, tenant, kind, signal);
  try {
    const result = await use(visitor);
    await visitor.end();
    return result;
  } catch (error) {
    throw await visitor.fail(error);
  } finally {
    await visitor.close();
  }
}

function tooLarge(plugin: LoadedPlugin, maxBytes: number): PaddockError {
  return new PaddockError(
    "RESULT_TOO_LARGE",
    `Cannot export the data of "${plugin.manifest.id}": its files claim more than ${maxBytes} bytes.`,
    { hint: "Files with holes or many names look larger than they are; `paddock data show` lists them." },
  );
}
