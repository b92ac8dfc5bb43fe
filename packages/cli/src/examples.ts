import type { Terminal } from "./terminal.js";

/** Examples for the end of a command's help: what to type, and what it does. */
export function examples(terminal: Terminal, lines: readonly (readonly [string, string])[]): string {
  const { colors } = terminal.out;
  const list = lines.map(([command, does]) => `  ${colors.dim(`# ${does}`)}\n  $ ${colors.cyan(command)}`);
  return `\n${colors.bold("Examples:")}\n${list.join("\n")}\n`;
}
