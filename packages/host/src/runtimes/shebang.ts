/** The first line of a script, taken apart as the kernel and env(1) do. */
export interface Shebang {
  /** Last part of the interpreter's path: "sh", "python3". */
  readonly name: string;
  /** Its path; `undefined` when env(1) is to look for it. */
  readonly path: string | undefined;
  readonly args: readonly string[];
}

/** Bytes that the kernel reads of it (`BINPRM_BUF_SIZE`). */
export const SHEBANG_MAX_BYTES = 256;

/** What `#!` says at the start of a file; `undefined` when it does not begin so. */
export function readShebang(start: Buffer): Shebang | undefined {
  const line = /^#![ \t]*([^\n]*)/.exec(start.subarray(0, SHEBANG_MAX_BYTES).toString("utf8"))?.[1];
  const [path = "", ...words] = (line ?? "").trim().split(/[ \t]+/);
  if (!path.startsWith("/")) return undefined;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name !== "env") return { name, path, args: words };
  const [wanted = "", ...rest] = words[0] === "-S" ? words.slice(1) : words;
  return wanted === "" || wanted.includes("/") || wanted.startsWith("-")
    ? undefined
    : { name: wanted, path: undefined, args: rest };
}
