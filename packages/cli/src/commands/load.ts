import { resolve } from "node:path";
import { Command } from "commander";
import type { Answer } from "../answer.js";
import { addControlFlags, type ControlFlags } from "../control-flags.js";
import type { Terminal } from "../terminal.js";
import { useControl } from "../use-control.js";

interface UnloadFlags extends ControlFlags {
  readonly force?: boolean;
}

/** `paddock load DIR` */
export function loadCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  const command = new Command("load")
    .summary("load a plugin into a running host")
    .description("Loads the plugin in a folder into a running host, in place of one with the same id.")
    .argument("<dir>", "the plugin's folder");
  return addControlFlags(command).action(async (folder: string, flags: ControlFlags) => {
    await useControl(flags, async (client) => {
      const plugin = await client.load(resolve(folder));
      const { colors } = terminal.out;
      deliver({
        json: plugin,
        text: `${colors.green("✓")} ${colors.bold(plugin.id)} ${plugin.version} is loaded.\n`,
      });
    });
  });
}

/** `paddock unload PLUGIN` */
export function unloadCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  const command = new Command("unload")
    .summary("take a plugin out of a running host")
    .description("Lets a plugin's calls end, ends its guests and forgets it. What it keeps stays.")
    .argument("<plugin>", "the plugin's id, publisher/name")
    .option("--force", "also when another plugin depends on it");
  return addControlFlags(command).action(async (plugin: string, flags: UnloadFlags) => {
    await useControl(flags, async (client) => {
      await client.unload(plugin, flags.force);
      const { colors } = terminal.out;
      deliver({
        json: { plugin },
        text: `${colors.green("✓")} ${colors.bold(plugin)} is unloaded. What it keeps stays.\n`,
      });
    });
  });
}
