import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { CallTrace, DecisionRecord, GuestLog, Host } from "@paddock/host";
import { Command } from "commander";
import type { Answer } from "../answer.js";
import { DevSession } from "../dev/dev-session.js";
import { formatCall, formatDecision, formatEvent } from "../dev/format-happening.js";
import { inspectPlugin } from "../dev/inspect-plugin.js";
import { watchFolder } from "../dev/watch-folder.js";
import { examples } from "../examples.js";
import { formatLog } from "../format-log.js";
import { addHostFlags, type HostFlags } from "../host-flags.js";
import { readConfig } from "../read-config.js";
import { runServer, type Serving } from "../run-server.js";
import { type Terminal, visible } from "../terminal.js";

interface DevFlags extends HostFlags {
  readonly call: readonly string[];
  readonly tenant: string;
  readonly inspect?: true | string;
}

/** `paddock dev DIR` */
export function devCommand(terminal: Terminal, _deliver: (answer: Answer) => void): Command {
  const command = new Command("dev")
    .summary("run a plugin while you write it")
    .description(
      "Runs a plugin behind the walls it will have in production, loads it again whenever one of its files changes, and prints its calls, denials, log and use of its limits as they happen. A version that is broken does not replace the one that runs. Calls come from lines that you type (greet { … }), from --call, and from other terminals (paddock call).",
    )
    .argument("<dir>", "the plugin's folder")
    .option(
      "--call <line>",
      'make this call after each load: \'greet {"name":"Ada"}\'; may be given again',
      collect,
      [],
    )
    .option("--tenant <name>", "whose data typed calls are about", "main")
    .option(
      "--inspect [port]",
      "run it in this process, WITHOUT WALLS, for a debugger; preset development only",
    )
    .addHelpText(
      "after",
      examples(terminal, [
        ["paddock dev ./hello", 'then type: greet { "name": "Ada" }'],
        [`paddock dev ./hello --call 'greet { "name": "Ada" }'`, "the same call after every change"],
        ["paddock dev ./hello --preset development --inspect", "for a debugger; there are no walls"],
      ]),
    );
  return addHostFlags(command).action(async (written: string, flags: DevFlags) => {
    const folder = resolve(written);
    const config = await readConfig(flags, folder);
    if (flags.inspect !== undefined) return inspectPlugin(terminal, folder, config, flags.inspect);
    const say = (text: string) => terminal.out.write(text);
    let host: Host | undefined;
    const options = {
      ...config,
      onLog: (log: GuestLog) => say(formatLog(log, terminal.out)),
      onDecision: (record: DecisionRecord) => say(formatDecision(record, terminal.out)),
      onTrace: (trace: CallTrace) => void tellCall(host, trace, terminal),
    };
    await runServer(options, async (serving) => {
      host = serving.host;
      await develop(terminal, serving, folder, flags);
    });
  });
}

async function develop(terminal: Terminal, serving: Serving, folder: string, flags: DevFlags): Promise<void> {
  const { host, stop, path } = serving;
  const session = new DevSession(terminal, serving, folder, flags);
  const watching = await watchFolder(folder, () => void session.reload());
  const input = createInterface({ input: process.stdin, terminal: false });
  const events = host.events();
  stop.addEventListener("abort", () => {
    watching.close();
    input.close();
    // Otherwise an open terminal would keep this process.
    process.stdin.unref?.();
    void events.return?.();
  });
  input.on("line", (line) => {
    if (line.trim() !== "") void session.call(line);
  });
  terminal.out.write(
    terminal.out.colors.dim(
      `Watching ${visible(folder)}; other terminals: paddock call (${visible(path)})\n`,
    ),
  );
  await session.reload();
  for await (const event of events)
    if (event.kind !== "missed") terminal.out.write(formatEvent(event, terminal.out));
}

async function tellCall(host: Host | undefined, trace: CallTrace, { out }: Terminal): Promise<void> {
  const pid = trace.attempts.at(-1)?.guestPid;
  const plugin = await host?.admin.get(DEVELOPER, trace.plugin).catch(() => undefined);
  const guest = plugin?.guests.find((one) => one.pid === pid);
  out.write(formatCall(trace, guest, out));
}

const DEVELOPER = { id: "developer", roles: ["operator"] };

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
