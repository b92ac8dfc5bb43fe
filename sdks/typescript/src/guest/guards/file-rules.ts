/** What a function does with the path in one of its arguments; `flags`: as its second argument says. */
export type PathUse = "read" | "write" | "flags" | "none";

/** Functions of `fs` (plain, Sync and promises) and what each does with its arguments. */
export const ONE_PATH_RULES: readonly (readonly [name: string, uses: readonly PathUse[]])[] = [
  ...rules("read", ["readFile", "readdir", "opendir", "stat", "lstat", "statfs", "readlink", "realpath"]),
  ...rules("read", ["access", "watch", "watchFile", "openAsBlob"]),
  ...rules("flags", ["open"]),
  ...rules("write", ["writeFile", "appendFile", "truncate", "mkdir", "mkdtemp", "rmdir", "rm", "unlink"]),
  ...rules("write", ["chmod", "lchmod", "chown", "lchown", "utimes", "lutimes"]),
];

export const TWO_PATH_RULES: readonly (readonly [name: string, uses: readonly PathUse[]])[] = [
  ["copyFile", ["read", "write"]],
  ["cp", ["read", "write"]],
  ["link", ["read", "write"]],
  ["rename", ["write", "write"]],
  // The text of a symbolic link may say anything; following it is what the kernel's walls are for.
  ["symlink", ["none", "write"]],
];

function rules(use: PathUse, names: readonly string[]): (readonly [string, readonly PathUse[]])[] {
  return names.map((name) => [name, [use]]);
}
