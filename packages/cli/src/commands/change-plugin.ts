import type { PluginChange } from "@paddock/server";
import { Command } from "commander";
import type { Answer } from "../answer.js";
import { addControlFlags, type ControlFlags } from "../control-flags.js";
import type { MakeCommand } from "../make-command.js";
import type { Terminal } from "../terminal.js";
import { useControl } from "../use-control.js";

interface Change {
  readonly summary: string;
  readonly description: string;
  /** Said of the plugin afterwards. */
  readonly done: string;
}

const CHANGES: Readonly<Record<PluginChange, Change>> = {
  suspend: {
    summary: "freeze a plugin",
    description: "Freezes the guests of a plugin; calls are refused until it is resumed.",
    done: "is suspended",
  },
  resume: {
    summary: "let a suspended plugin go on",
    description: "Lets the guests of a suspended plugin go on where they were.",
    done: "goes on",
  },
  restart: {
    summary: "end a plugin's guests and start new ones",
    description: "Ends the guests of a plugin once their calls are done; new ones take over.",
    done: "was restarted",
  },
  release: {
    summary: "let a plugin out of quarantine",
    description: "Lets a plugin out of quarantine, into which it was put because it kept failing.",
    done: "is released",
  },
  reload: {
    summary: "load a plugin again from its folder",
    description: "Loads a plugin again from its folder; if the new version fails, the old one goes on.",
    done: "was loaded again",
  },
};

/** `paddock suspend PLUGIN` and its like: one plugin, one change. */
export function changeCommand(change: PluginChange): MakeCommand {
  const { summary, description, done } = CHANGES[change];
  return (terminal: Terminal, deliver: (answer: Answer) => void) => {
    const command = new Command(change)
      .summary(summary)
      .description(description)
      .argument("<plugin>", "the plugin's id, publisher/name");
    return addControlFlags(command).action(async (id: string, flags: ControlFlags) => {
      await useControl(flags, async (client) => {
        const plugin = await client.change(id, change);
        const { colors } = terminal.out;
        deliver({
          json: plugin,
          text: `${colors.green("✓")} ${colors.bold(plugin.id)} ${plugin.version} ${done}.\n`,
        });
      });
    });
  };
}
