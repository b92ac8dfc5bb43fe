import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Text for a file, `{ link }` for a symbolic link. */
export type FolderContent = Readonly<Record<string, string | { readonly link: string }>>;

/** Writes a plugin's folder as a test needs it: `node_modules`, links and broken code cannot be kept in git. */
export async function writeFolder(folder: string, content: FolderContent): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [path, value] of Object.entries(content)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await (typeof value === "string" ? writeFile(target, value) : symlink(value.link, target));
  }
  return folder;
}
