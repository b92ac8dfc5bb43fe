import { existsSync, realpathSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { PaddockError } from "@paddock/contract";
import {
  CONFIG_FILE_NAMES,
  loadConfigFile,
  MANIFEST_NAMES,
  type PaddockConfig,
  resolveConfig,
} from "@paddock/host";
import type { HostFlags } from "./host-flags.js";

/**
 * The operator's configuration: the file in the folder given, else in the current one, below what the options
 * say. Throws CONFIG_INVALID. `pluginFolder` is whose code is about to run.
 */
export async function readConfig(flags: HostFlags, pluginFolder?: string): Promise<PaddockConfig> {
  const folder = resolve(flags.config ?? ".");
  if (flags.config === undefined) assertOwn(folder, pluginFolder);
  const file = await loadConfigFile(folder);
  if (file === undefined && flags.config !== undefined) {
    throw new PaddockError("CONFIG_INVALID", `There is no configuration in ${folder}.`, {
      hint: `--config takes the folder of ${CONFIG_FILE_NAMES.join(", ")}.`,
    });
  }
  if (file !== undefined) resolveConfig(file.value, file.name);
  return {
    // Safe: resolveConfig() has just accepted it.
    ...((file?.value ?? {}) as PaddockConfig),
    ...(flags.preset === undefined ? {} : { preset: flags.preset }),
    ...(flags.home === undefined ? {} : { home: resolve(flags.home) }),
  };
}

/** A plugin could bring a configuration, which is code: in a plugin's folder nobody's is run unasked. */
function assertOwn(folder: string, pluginFolder: string | undefined): void {
  const name = CONFIG_FILE_NAMES.find((one) => existsSync(join(folder, one)));
  if (name === undefined) return;
  const isPlugin = MANIFEST_NAMES.some((one) => existsSync(join(folder, one)));
  if (!isPlugin && !isInside(folder, pluginFolder)) return;
  throw new PaddockError(
    "CONFIG_INVALID",
    `Cannot tell whose ${name} this is: it lies in the folder of a plugin.`,
    {
      hint: "If it is your own: --config . (or keep it in another folder, and give that).",
    },
  );
}

function isInside(folder: string, outer: string | undefined): boolean {
  if (outer === undefined || !existsSync(outer)) return false;
  const path = relative(realpathSync(outer), realpathSync(folder));
  return path === "" || !(path.startsWith("..") || path.startsWith("/"));
}
