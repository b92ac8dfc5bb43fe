import { Command, InvalidArgumentError } from "commander";
import type { Answer } from "../answer.js";
import { addControlFlags, type ControlFlags } from "../control-flags.js";
import { examples } from "../examples.js";
import { formatLog } from "../format-log.js";
import type { Terminal } from "../terminal.js";
import { watchControl } from "../use-control.js";
import { writeOut } from "../write-out.js";

interface LogsFlags extends ControlFlags {
  readonly follow?: boolean;
  readonly last: number;
}

/** `paddock logs [PLUGIN]` */
export function logsCommand(terminal: Terminal, _deliver: (answer: Answer) => void): Command {
  const command = new Command("logs")
    .summary("show what plugins of a running host logged")
    .description("Shows what plugins logged lately, of one plugin or of all. With --json, one value a line.")
    .argument("[plugin]", "the plugin's id, publisher/name")
    .option("-f, --follow", "go on with what they log from now on, until Ctrl-C")
    .option("-n, --last <lines>", "how many lines of the past, at most 500 of each plugin", readLines, 100)
    .addHelpText(
      "after",
      examples(terminal, [
        ["paddock logs acme/hello", "the newest hundred lines"],
        ["paddock logs -f -n 0", "everything from now on"],
      ]),
    );
  return addControlFlags(command).action(async (plugin: string | undefined, flags: LogsFlags) => {
    const { follow, last } = flags;
    await watchControl(flags, async (client, signal) => {
      for await (const record of client.logs({ plugin, follow, last, signal })) {
        const time = terminal.out.colors.dim(new Date(record.at).toLocaleTimeString("sv"));
        const line = terminal.isJson
          ? `${JSON.stringify(record)}\n`
          : `${time} ${formatLog(record, terminal.out)}`;
        if (!(await writeOut(line))) return;
      }
    });
  });
}

function readLines(text: string): number {
  const lines = Number(text);
  if (Number.isInteger(lines) && lines >= 0 && lines <= 500) return lines;
  throw new InvalidArgumentError("Expected a number of lines from 0 to 500.");
}
