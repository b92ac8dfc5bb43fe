import { createHash } from "node:crypto";

/** One file of a plugin, as its identity sees it. */
export interface FileEntry {
  /** Relative to the plugin's folder, with "/" between its parts; no control characters. */
  readonly path: string;
  /** Whether its owner may execute it; all else about permissions is the same everywhere. */
  readonly mode: FileMode;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

export type FileMode = "0644" | "0755";

/** "sha256:" and 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;

/**
 * The identity of a set of files: SHA-256 over one line `sha256 mode path` for each, sorted by the bytes of the
 * path. Order of arrival, dates and owners do not count; every byte, name and mode does.
 */
export function digestOf(files: readonly FileEntry[]): Digest {
  const hash = createHash("sha256");
  const lines = files.map(({ path, mode, sha256 }) => ({
    path: Buffer.from(path),
    text: `${sha256} ${mode} `,
  }));
  lines.sort((a, b) => Buffer.compare(a.path, b.path));
  for (const { path, text } of lines) {
    // A line break in a name would let one file pass for two.
    if (path.includes(0x0a)) throw new RangeError("A path in a digest has no line breaks");
    hash.update(text).update(path).update("\n");
  }
  return `sha256:${hash.digest("hex")}`;
}

/** The 64 digits, for use as a file name; throws RangeError for anything else. */
export function hexOf(digest: Digest): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new RangeError(`Not a digest: "${digest}"`);
  return hex;
}

/** SHA-256 of some bytes, hexadecimal. */
export function sha256Of(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
