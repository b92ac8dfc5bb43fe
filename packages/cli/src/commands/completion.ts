import { Argument, Command } from "commander";
import type { Answer } from "../answer.js";
import { complete } from "../completion/complete.js";
import { hostKnowledge } from "../completion/host-knowledge.js";
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from "../completion/scripts.js";
import { examples } from "../examples.js";
import type { Terminal } from "../terminal.js";

/** `paddock completion SHELL` */
export function completionCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  return new Command("completion")
    .summary("print what teaches a shell to complete this command")
    .description(
      "Prints a script for a shell: afterwards Tab completes commands, options, folders, plugins and actions.",
    )
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .addHelpText(
      "after",
      examples(terminal, [
        ['eval "$(paddock completion bash)"', "in ~/.bashrc"],
        ["paddock completion zsh > ~/.zfunc/_paddock", "once, for zsh, with ~/.zfunc in fpath"],
        ["paddock completion fish > ~/.config/fish/completions/paddock.fish", "once, for fish"],
      ]),
    )
    .action((shell: Shell) => {
      const script = COMPLETION_SCRIPTS[shell];
      deliver({ json: { shell, script }, text: script });
    });
}

/** `paddock __complete -- WORDS…`: what the scripts ask. Says nothing rather than fail: a Tab is no place for errors. */
export function completeCommand(terminal: Terminal): Command {
  const command = new Command("__complete").argument("[words...]").allowUnknownOption();
  return command.action(async (words: readonly string[]) => {
    const program = command.parent;
    if (program === null) return;
    const completion = await complete(program, words, hostKnowledge);
    const lines =
      completion.kind === "values" ? completion.values.map(({ value, about }) => `${value}\t${about}`) : [];
    terminal.out.write(`${[completion.kind, ...lines].join("\n")}\n`);
  });
}
