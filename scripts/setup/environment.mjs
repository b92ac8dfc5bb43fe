import { delimiter, join } from "node:path";

/** The caller's environment with the repository's own commands, its Node among them, first in PATH. */
export function environment(root) {
  const bin = join(root, "node_modules/.bin");
  return { ...process.env, PATH: [bin, process.env.PATH].filter(Boolean).join(delimiter) };
}
