import type { UsageLine } from "@paddock/server";
import { Command } from "commander";
import type { Answer } from "../answer.js";
import { addControlFlags, type ControlFlags } from "../control-flags.js";
import { examples } from "../examples.js";
import { formatGuests, formatPlugins } from "../format-plugins.js";
import { showLive } from "../live-screen.js";
import { readDuration } from "../read-duration.js";
import type { Terminal } from "../terminal.js";
import { watchControl } from "../use-control.js";
import { writeOut } from "../write-out.js";

interface TopFlags extends ControlFlags {
  readonly once?: boolean;
  readonly every: number;
}

/** `paddock top` */
export function topCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  const command = new Command("top")
    .summary("watch what the plugins of a running host use")
    .description(
      "Shows what each guest uses, again and again, until Ctrl-C. With --json, one value a line. Without a terminal, once.",
    )
    .option("--once", "show it once")
    .option("--every <duration>", "how often, 200ms to 1m", readDuration, 1_000)
    .addHelpText(
      "after",
      examples(terminal, [
        ["paddock top", "a table that stays up to date"],
        ["paddock top --json --every 5s >> usage.ndjson", "a record of it"],
      ]),
    );
  return addControlFlags(command).action(async (flags: TopFlags) => {
    await watchControl(flags, async (client, signal) => {
      const lines = client.usage({ everyMs: Math.min(60_000, Math.max(200, flags.every)), signal });
      const isLive = flags.once !== true && (terminal.out.isTerminal || terminal.isJson);
      if (!isLive) {
        for await (const line of lines) return deliver({ json: line, text: page(line, terminal) });
      } else if (terminal.isJson) {
        for await (const line of lines) if (!(await writeOut(`${JSON.stringify(line)}\n`))) return;
      } else await showLive(lines, (line) => page(line, terminal));
    });
  });
}

function page({ plugins }: UsageLine, { out }: Terminal): string {
  const guests = formatGuests(plugins, out);
  return `${formatPlugins(plugins, out)}${guests === "" ? "" : `\n${guests}`}`;
}
