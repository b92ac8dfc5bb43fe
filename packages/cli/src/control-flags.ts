import { resolve } from "node:path";
import { resolveConfig } from "@paddock/host";
import { controlPath } from "@paddock/server";
import type { Command } from "commander";
import { readConfig } from "./read-config.js";

/** Options of every command that speaks to a running host. */
export interface ControlFlags {
  readonly home?: string;
  readonly config?: string;
}

export function addControlFlags(command: Command): Command {
  return command
    .option("--home <dir>", "the home of the host to speak to")
    .option("--config <dir>", "folder of paddock.config.ts, .js or .json (default: the current one)");
}

/** The control socket of the host that the flags mean. */
export async function findControlPath(flags: ControlFlags): Promise<string> {
  // A configuration is code: it is not run when nothing is wanted of it.
  if (flags.home !== undefined) return controlPath(resolve(flags.home));
  return controlPath(resolveConfig(await readConfig(flags)).home);
}
