import { type Argument, Command } from "commander";
import type { Answer } from "./answer.js";
import { callCommand } from "./commands/call.js";
import { changeCommand } from "./commands/change-plugin.js";
import { completeCommand, completionCommand } from "./commands/completion.js";
import { dataCommand } from "./commands/data.js";
import { devCommand } from "./commands/dev.js";
import { doctorCommand } from "./commands/doctor.js";
import { execCommand } from "./commands/exec.js";
import { initCommand } from "./commands/init.js";
import { loadCommand, unloadCommand } from "./commands/load.js";
import { logsCommand } from "./commands/logs.js";
import { postureCommand } from "./commands/posture.js";
import { psCommand } from "./commands/ps.js";
import { runCommand } from "./commands/run.js";
import { serveCommand } from "./commands/serve.js";
import { topCommand } from "./commands/top.js";
import { typesCommand } from "./commands/types.js";
import { validateCommand } from "./commands/validate.js";
import { examples } from "./examples.js";
import type { MakeCommand } from "./make-command.js";
import type { Terminal } from "./terminal.js";
import { readVersion } from "./version.js";

const COMMANDS: readonly MakeCommand[] = [
  initCommand,
  validateCommand,
  devCommand,
  typesCommand,
  runCommand,
  execCommand,
  postureCommand,
  doctorCommand,
  serveCommand,
  callCommand,
  psCommand,
  topCommand,
  logsCommand,
  loadCommand,
  changeCommand("reload"),
  unloadCommand,
  changeCommand("suspend"),
  changeCommand("resume"),
  changeCommand("restart"),
  changeCommand("release"),
  dataCommand,
  completionCommand,
];

/** The command line: every command, and what they have in common. */
export function createProgram(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  const { colors } = terminal.out;
  const program = new Command("paddock")
    .description("Runs other people's plugins behind kernel walls.")
    .version(readVersion(), "--version", "print the version")
    .option("--json", "print one JSON value: the result, or the error")
    .option("--no-color", "no colours (as does the variable NO_COLOR)")
    .helpCommand("help [command]", "show the help of a command");
  program.addHelpText(
    "after",
    examples(terminal, [
      ["paddock doctor", "what can this machine enforce?"],
      ["paddock init hello", "a plugin that works"],
      [`paddock run hello greet '{ "name": "Ada" }'`, "run it behind all walls"],
    ]),
  );
  for (const make of COMMANDS) program.addCommand(make(terminal, deliver));
  program.addCommand(completeCommand(terminal), { hidden: true });
  for (const command of withSubcommands(program)) {
    command
      .helpOption("-h, --help", "show this help")
      .exitOverride()
      .configureOutput({
        writeOut: (text) => terminal.out.write(text),
        // Mistakes are thrown, and printed in one place.
        writeErr: () => undefined,
        getOutHelpWidth: () => terminal.out.width,
        getOutHasColors: () => colors.isColorSupported,
      })
      .configureHelp({
        showGlobalOptions: true,
        subcommandTerm: (sub) =>
          [sub.name(), ...sub.registeredArguments.map((argument) => argumentTerm(argument))].join(" "),
        styleTitle: (text) => colors.bold(text),
        styleCommandText: (text) => colors.cyan(text),
        styleSubcommandText: (text) => colors.cyan(text),
        styleOptionText: (text) => colors.cyan(text),
        styleArgumentText: (text) => colors.cyan(text),
      });
  }
  return program;
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function argumentTerm(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}
