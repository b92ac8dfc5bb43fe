import type { GuestLog } from "@paddock/host";
import { Command } from "commander";
import type { Answer } from "../answer.js";
import { examples } from "../examples.js";
import { formatLog } from "../format-log.js";
import { formatReport } from "../guest-report.js";
import { addHostFlags, type HostFlags } from "../host-flags.js";
import { readConfig } from "../read-config.js";
import type { Terminal } from "../terminal.js";
import { useHost } from "../use-host.js";
import { watchGuest } from "../watch-guest.js";

interface PostureFlags extends HostFlags {
  readonly tenant: string;
}

/** `paddock posture DIR` */
export function postureCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  const command = new Command("posture")
    .summary("start a plugin and show the walls that stand around it")
    .description("Starts a plugin and shows the walls around it, read back from the kernel from outside.")
    .argument("<dir>", "the plugin's folder")
    .option("--tenant <name>", "whose guest to start", "main")
    .addHelpText(
      "after",
      examples(terminal, [["paddock posture ./hello", "every wall, as the kernel tells it"]]),
    );
  return addHostFlags(command).action(async (folder: string, flags: PostureFlags) => {
    deliver(await posture(terminal, folder, flags));
  });
}

async function posture(terminal: Terminal, folder: string, flags: PostureFlags): Promise<Answer> {
  const config = await readConfig(flags, folder);
  const progress = terminal.progress("Loading the plugin");
  try {
    const onLog = (log: GuestLog) => progress.above(formatLog(log, terminal.err));
    const report = await useHost({ ...config, onLog }, async (host) => {
      const plugin = await host.load(folder);
      progress.now("Raising the walls");
      const guest = await watchGuest(host, plugin, { folder, tenant: flags.tenant, isFreshPerCall: false });
      guest.close();
      return guest.report();
    });
    return { json: report, text: formatReport(report, terminal.out).trimStart() };
  } finally {
    progress.end();
  }
}
