/** Size of everything in an archive: headers, and the steps to which contents are filled up. */
const BLOCK_BYTES = 512;
/** Largest number that eleven octal digits hold. */
const MAX_OCTAL = 0o77777777777;

export interface TarEntry {
  /** Relative, without ".." in it; bytes, because names need not be UTF-8. */
  readonly path: Buffer;
  readonly kind: "file" | "folder";
  readonly bytes: number;
  readonly mode: number;
  readonly modifiedMs: number;
}

/** The header of an entry (POSIX.1-2001: ustar, with a pax header before it where that is too narrow). */
export function tarHeader(entry: TarEntry): Buffer {
  const path = entry.kind === "folder" ? Buffer.concat([entry.path, Buffer.from("/")]) : entry.path;
  const records: Buffer[] = [];
  if (path.length > 100 || path.some((byte) => byte > 0x7e)) records.push(paxRecord("path", path));
  if (entry.bytes > MAX_OCTAL) records.push(paxRecord("size", Buffer.from(String(entry.bytes))));
  const own = ustar({ ...entry, path }, entry.kind === "folder" ? "5" : "0");
  if (records.length === 0) return own;
  const pax = Buffer.concat(records);
  const about = { path: Buffer.from("pax"), bytes: pax.length, mode: 0o644, modifiedMs: entry.modifiedMs };
  return Buffer.concat([ustar(about, "x"), pax, tarPadding(pax.length), own]);
}

/** What fills up the contents of a file. */
export function tarPadding(bytes: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

/** The end of an archive. */
export const TAR_END: Buffer = Buffer.alloc(2 * BLOCK_BYTES);

function ustar(entry: Omit<TarEntry, "kind">, type: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  entry.path.subarray(0, 100).copy(block, 0);
  // Whoever unpacks it can use it, whatever the plugin took from itself.
  block.write(octal(entry.mode | (type === "5" ? 0o700 : 0o600), 7), 100);
  // Owned by nobody in particular: the plugin's user id means something on this machine only.
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(Math.min(entry.bytes, MAX_OCTAL), 11), 124);
  block.write(octal(Math.min(MAX_OCTAL, Math.max(0, Math.trunc(entry.modifiedMs / 1_000))), 11), 136);
  block.write("        ", 148);
  block.write(type, 156);
  block.write("ustar\u000000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\u0000 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

/** "LENGTH KEY=VALUE\n", where the length counts its own digits. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length++;
  return Buffer.concat([Buffer.from(`${length} ${key}=`), value, Buffer.from("\n")]);
}
