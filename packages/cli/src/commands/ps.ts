import { Command } from "commander";
import type { Answer } from "../answer.js";
import { addControlFlags, type ControlFlags } from "../control-flags.js";
import { examples } from "../examples.js";
import { formatNotLoaded } from "../format-not-loaded.js";
import { formatPlugin, formatPlugins } from "../format-plugins.js";
import type { Terminal } from "../terminal.js";
import { useControl } from "../use-control.js";

/** `paddock ps [PLUGIN]` */
export function psCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  const command = new Command("ps")
    .summary("list the plugins of a running host")
    .description("Lists the plugins that a running host has loaded, or tells all about one.")
    .argument("[plugin]", "the plugin's id, publisher/name")
    .addHelpText(
      "after",
      examples(terminal, [
        ["paddock ps", "what is loaded, and how it is"],
        ["paddock ps acme/hello", "one plugin with its guests"],
      ]),
    );
  return addControlFlags(command).action(async (plugin: string | undefined, flags: ControlFlags) => {
    await useControl(flags, async (client) => {
      if (plugin !== undefined) {
        const one = await client.get(plugin);
        return deliver({ json: one, text: formatPlugin(one, terminal.out) });
      }
      const [plugins, { notLoaded = [] }] = await Promise.all([client.list(), client.about()]);
      const text = formatPlugins(plugins, terminal.out);
      deliver({ json: { plugins, notLoaded }, text, notes: formatNotLoaded(notLoaded, terminal.err) });
    });
  });
}
