import { stat } from "node:fs/promises";

/** Whether there is a file, links followed. */
export async function hasFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
