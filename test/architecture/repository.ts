import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** The repository, wherever it was cloned to. */
export const ROOT = join(import.meta.dirname, "../..");

/** Made by tools, or kept by git: nothing anybody wrote. */
const NOT_OURS = new Set(["node_modules", "dist", "coverage", ".git", ".tools"]);

/** Every file of the repository that somebody wrote, as a path below its root, in order. */
export function repositoryFiles(directory = ROOT): readonly string[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  const files = entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : repositoryFiles(path);
    return entry.isFile() ? [relative(ROOT, path).split(sep).join("/")] : [];
  });
  return files.sort();
}

export function readRepositoryFile(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
