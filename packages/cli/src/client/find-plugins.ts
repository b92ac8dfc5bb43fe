import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { PaddockError } from "@paddock/contract";
import { MANIFEST_NAMES } from "@paddock/host";

/** The plugins' folders that a folder stands for: itself, or those in it that have a manifest, by name. */
export async function findPlugins(folder: string): Promise<readonly string[]> {
  if (isPlugin(folder)) return [folder];
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new PaddockError(
      "USAGE_INVALID",
      `Cannot find plugins in ${folder}: ${cause.code ?? cause.message}.`,
      {
        hint: "Give the folder of a plugin, or a folder of such folders.",
        cause,
      },
    );
  });
  const found = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .filter(isPlugin)
    .sort();
  if (found.length > 0) return found;
  throw new PaddockError(
    "USAGE_INVALID",
    `Cannot find plugins in ${folder}: nothing there has a plugin.yaml.`,
    {
      hint: "Give the folder of a plugin, or a folder of such folders.",
    },
  );
}

function isPlugin(folder: string): boolean {
  return MANIFEST_NAMES.some((name) => existsSync(join(folder, name)));
}
