import { type FSWatcher, watch } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { PaddockError } from "@paddock/contract";

/** Folders of one plugin that are watched; more is no plugin's source. */
export const MAX_WATCHED_FOLDERS = 2_000;
/** An editor writes one file in several steps: a change is told when it has been quiet for so long … */
export const QUIET_MS = 120;
/** … or after so long, when it never gets quiet. */
export const RESTLESS_MS = 2_000;

/** Others' code and bookkeeping: it changes in thousands, and never by the author's own hand. */
const IGNORED_FOLDERS = new Set(["node_modules", "__pycache__"]);

export interface FolderWatch {
  /** May be called twice. */
  close(): void;
}

/** Tells whenever something in a folder changed, however deep, links not followed. Rejects with USAGE_INVALID. */
export async function watchFolder(folder: string, onChange: () => void): Promise<FolderWatch> {
  const watchers = new Map<string, FSWatcher>();
  let quiet: NodeJS.Timeout | undefined;
  let since: number | undefined;
  let isClosed = false;

  const changed = (name: string | null) => {
    if (isClosed || (name !== null && isNoise(name))) return;
    const now = performance.now();
    since ??= now;
    clearTimeout(quiet);
    quiet = setTimeout(tell, Math.max(0, Math.min(QUIET_MS, since + RESTLESS_MS - now)));
  };
  const tell = () => {
    since = undefined;
    // New folders first, so that what comes into them next is seen.
    scan().then(onChange, onChange);
  };
  const scan = async () => {
    const present = new Set(await foldersIn(folder));
    if (isClosed) return;
    for (const [path, watcher] of watchers) {
      if (present.has(path)) continue;
      watcher.close();
      watchers.delete(path);
    }
    for (const path of present) {
      if (watchers.has(path)) continue;
      const watcher = startWatcher(path, changed);
      // A folder that is gone is found missing by the next scan.
      watcher.on("error", () => changed(null));
      watchers.set(path, watcher);
    }
  };

  const close = () => {
    isClosed = true;
    clearTimeout(quiet);
    for (const watcher of watchers.values()) watcher.close();
    watchers.clear();
  };
  try {
    await scan();
  } catch (error) {
    close();
    throw error;
  }
  return { close };
}

function startWatcher(path: string, onChange: (name: string | null) => void): FSWatcher {
  try {
    return watch(path, (_event, name) => onChange(name));
  } catch (cause) {
    throw new PaddockError("HOST_EXHAUSTED", `Cannot watch ${path}: the system gives no more watches.`, {
      hint: "Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances (sysctl).",
      cause,
    });
  }
}

async function foldersIn(root: string): Promise<readonly string[]> {
  const found = [root];
  for (const folder of found) {
    const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
      // One that vanished meanwhile has nothing in it; the plugin's own must be there.
      if (folder !== root) return [];
      throw new PaddockError("USAGE_INVALID", `Cannot watch ${root}: it is no folder.`, { cause });
    });
    for (const entry of entries) {
      if (!entry.isDirectory() || isNoise(entry.name) || IGNORED_FOLDERS.has(entry.name)) continue;
      found.push(join(folder, entry.name));
      if (found.length > MAX_WATCHED_FOLDERS) {
        const message = `Cannot watch ${root}: it has more than ${MAX_WATCHED_FOLDERS} folders.`;
        throw new PaddockError("USAGE_INVALID", message, { hint: "Give the plugin a folder of its own." });
      }
    }
  }
  return found;
}

/** Hidden files, and what editors write beside the file they save. */
function isNoise(name: string): boolean {
  return name.startsWith(".") || name.endsWith("~") || name.endsWith(".swp") || name === "4913";
}
