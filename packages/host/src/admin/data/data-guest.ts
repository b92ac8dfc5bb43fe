/**
 * Looks at a plugin's files, behind the same walls and as the same user as the plugin: whatever the plugin made
 * of them (links, endless names, changes while we read) can only fool a process that is locked in with them. It
 * reads one JSON line with a task from descriptor 3 and answers there: a JSON line for each entry, after that of
 * a file its bytes when they are wanted, and one last line. Nothing of ours is beside it: it imports only Node's.
 */
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  writeSync,
} from "node:fs";

/** What the host asks. */
export interface DataTask {
  readonly kind: "list" | "export" | "clear";
  /** Entries of a list; further ones are only counted. */
  readonly maxEntries: number;
}

/** One line of the answer. */
export type DataLine =
  | {
      readonly kind: "folder" | "file" | "link" | "other" | "unreadable";
      /** Relative path, its bytes in base64: names need not be UTF-8. */
      readonly path: string;
      readonly bytes: number;
      readonly mode: number;
      readonly modifiedMs: number;
    }
  | { readonly kind: "end"; readonly entries: number; readonly bytes: number };

const CHANNEL = 3;
const ROOT = Buffer.from("/data");
const SLASH = Buffer.from("/");
const BUFFER_BYTES = 64 * 1024;
/** PATH_MAX of Linux less the final NUL, and room for one more name. */
const MAX_PATH_BYTES = 4_095;
const NAME_ROOM = 256;

const buffer = Buffer.alloc(BUFFER_BYTES);
/** Folders that nobody might search, and the modes to give back to them. */
const opened: { readonly folder: Buffer; readonly mode: number }[] = [];
const task = readTask();
let entries = 0;
let bytes = 0;
if (task.kind === "clear") clear();
else walk();
sendLine({ kind: "end", entries, bytes });
closeSync(CHANNEL);

/** Folders wait on a list of their own: a tree may be deeper than a stack. */
function walk(): void {
  const folders: Buffer[] = [ROOT];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of namesIn(folder)) {
      const path = Buffer.concat([folder, SLASH, name]);
      const stats = look(path);
      if (stats === undefined) continue;
      tell(path, stats);
      if (stats.isDirectory() && path.length < MAX_PATH_BYTES - NAME_ROOM) folders.push(path);
    }
  }
  for (const { folder, mode } of opened.reverse()) attempt(() => chmodSync(folder, mode));
}

function tell(path: Buffer, stats: Stats): void {
  entries++;
  if (stats.isFile()) bytes += stats.size;
  const kind = kindOf(stats);
  const isWanted = task.kind === "export" && kind === "file";
  const file = isWanted ? open(path, stats) : undefined;
  sendEntry({
    kind: isWanted && file === undefined ? "unreadable" : kind,
    path: path.subarray(ROOT.length + 1).toString("base64"),
    bytes: stats.isFile() ? stats.size : 0,
    mode: stats.mode & 0o777,
    modifiedMs: Math.trunc(stats.mtimeMs),
  });
  if (file === undefined) return;
  sendBytes(file, stats.size);
  closeSync(file);
}

function kindOf(stats: Stats): "folder" | "file" | "link" | "other" {
  if (stats.isDirectory()) return "folder";
  if (stats.isFile()) return "file";
  return stats.isSymbolicLink() ? "link" : "other";
}

function sendEntry(line: DataLine): void {
  if (task.kind === "export" || entries <= task.maxEntries) sendLine(line);
}

/** Exactly as many as were announced: a file that shrinks meanwhile is filled up with zeros. */
function sendBytes(file: number, size: number): void {
  for (let left = size; left > 0; ) {
    const count = readSync(file, buffer, 0, Math.min(left, buffer.length), null);
    if (count === 0) buffer.fill(0);
    const sent = count === 0 ? Math.min(left, buffer.length) : count;
    writeAll(buffer.subarray(0, sent));
    left -= sent;
  }
}

/** The plugin may have taken its own right to read; we are the same user and take it back while we look. */
function open(path: Buffer, stats: Stats): number | undefined {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return openSync(path, flags);
  } catch {
    return attempt(() => {
      chmodSync(path, 0o600);
      try {
        return openSync(path, flags);
      } finally {
        chmodSync(path, stats.mode & 0o777);
      }
    });
  }
}

function clear(): void {
  const folders: Buffer[] = [];
  const pending: Buffer[] = [ROOT];
  let moved = 0;
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    attempt(() => chmodSync(folder, 0o700));
    if (folder !== ROOT) folders.push(folder);
    for (const name of namesIn(folder)) {
      const path = Buffer.concat([folder, SLASH, name]);
      const stats = look(path);
      if (stats === undefined) continue;
      entries++;
      if (!stats.isDirectory()) {
        bytes += stats.size;
        unlinkSync(path);
      } else if (path.length < MAX_PATH_BYTES - NAME_ROOM) pending.push(path);
      else {
        // Paths of what is below would be longer than Linux takes: it goes on from the top.
        const shallow = Buffer.concat([
          ROOT,
          SLASH,
          Buffer.from(`.paddock-clear-${++moved}-${process.hrtime.bigint()}`),
        ]);
        attempt(() => chmodSync(path, 0o700));
        renameSync(path, shallow);
        pending.push(shallow);
      }
    }
  }
  // Children were found after their parents.
  for (const folder of folders.reverse()) rmdirSync(folder);
}

function namesIn(folder: Buffer): readonly Buffer[] {
  const read = () => readdirSync(folder, { encoding: "buffer" });
  return (
    attempt(read) ??
    attempt(() => {
      opened.push({ folder, mode: lstatSync(folder).mode & 0o777 });
      chmodSync(folder, 0o700);
      return read();
    }) ??
    []
  );
}

function look(path: Buffer): Stats | undefined {
  return attempt(() => lstatSync(path));
}

/** `undefined` for what is gone, or is not ours to look at. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function readTask(): DataTask {
  const chunks: Buffer[] = [];
  for (;;) {
    const count = readSync(CHANNEL, buffer);
    chunks.push(Buffer.from(buffer.subarray(0, count)));
    if (count === 0 || buffer.subarray(0, count).includes(0x0a)) break;
  }
  // Safe: the host writes this line.
  return JSON.parse(Buffer.concat(chunks).toString()) as DataTask;
}

function sendLine(line: DataLine): void {
  writeAll(Buffer.from(`${JSON.stringify(line)}\n`));
}

function writeAll(content: Buffer): void {
  for (let sent = 0; sent < content.length; ) sent += writeSync(CHANNEL, content, sent);
}
