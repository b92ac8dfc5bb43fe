import { PRESET_NAMES, type PresetName } from "@paddock/contract";
import { type Command, Option } from "commander";

/** Options of every command that makes a host. */
export interface HostFlags {
  readonly preset?: PresetName;
  readonly home?: string;
  readonly config?: string;
}

export function addHostFlags(command: Command): Command {
  return command
    .addOption(new Option("--preset <name>", "the operator's bundle of defaults").choices(PRESET_NAMES))
    .option("--home <dir>", "where the host keeps its state")
    .option("--config <dir>", "folder of paddock.config.ts, .js or .json (default: the current one)");
}
