import type { Argument, Command, Option } from "commander";

/** What may stand where the cursor is. */
export type Completion =
  | { readonly kind: "values"; readonly values: readonly Candidate[] }
  /** Left to the shell, which knows how people want them shown. */
  | { readonly kind: "dirs" }
  | { readonly kind: "files" };

export interface Candidate {
  readonly value: string;
  readonly about: string;
}

/** What only a running host knows; nothing when none answers. */
export interface Knowledge {
  plugins(): Promise<readonly Candidate[]>;
  actions(plugin: string): Promise<readonly Candidate[]>;
}

/** Completes the last of the words of a command line, the program's own name not among them. */
export async function complete(
  program: Command,
  words: readonly string[],
  knowledge: Knowledge,
): Promise<Completion> {
  const current = words.at(-1) ?? "";
  const place = walk(program, words.slice(0, -1));
  const completion = await completionAt(place, current, program, knowledge);
  if (completion.kind !== "values") return completion;
  return { kind: "values", values: completion.values.filter(({ value }) => value.startsWith(current)) };
}

/** Where a command line has got to. */
interface Place {
  readonly command: Command;
  readonly positional: readonly string[];
  /** Whose value comes next. */
  readonly option: Option | undefined;
  readonly hasEnded: boolean;
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let positional: readonly string[] = [];
  let option: Option | undefined;
  let hasEnded = false;
  for (const word of words) {
    if (option !== undefined) option = undefined;
    else if (hasEnded) positional = [...positional, word];
    else if (word === "--") hasEnded = true;
    else if (word.startsWith("-")) option = valueOption(optionsOf(command, program), word);
    else {
      const sub = positional.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (sub === undefined) positional = [...positional, word];
      else command = sub;
    }
  }
  return { command, positional, option, hasEnded };
}

async function completionAt(
  { command, positional, option, hasEnded }: Place,
  current: string,
  program: Command,
  knowledge: Knowledge,
): Promise<Completion> {
  if (option !== undefined) return completeValue(option.flags, option.argChoices);
  if (!hasEnded && current.startsWith("-")) {
    const options = optionsOf(command, program);
    return values(
      options.map(({ long, short, description }) => ({ value: long ?? short ?? "", about: description })),
    );
  }
  if (command.commands.length > 0 && positional.length === 0) {
    const visible = command.createHelp().visibleCommands(command);
    return values(visible.map((one) => ({ value: one.name(), about: one.summary() || one.description() })));
  }
  const argument = argumentAt(command, positional.length);
  return argument === undefined ? values([]) : completeArgument(argument, positional, current, knowledge);
}

async function completeArgument(
  argument: Argument,
  positional: readonly string[],
  current: string,
  knowledge: Knowledge,
): Promise<Completion> {
  const [plugin = ""] = positional;
  if (argument.name() === "plugin") return values(await knowledge.plugins());
  // A folder has its actions in its manifest; they are the host's business once it is loaded.
  if (argument.name() === "action" && /^[a-z0-9-]+\/[a-z0-9-]+$/.test(plugin))
    return values(await knowledge.actions(plugin));
  if (argument.name() === "payload") return current.startsWith("@") ? { kind: "files" } : values([]);
  return completeValue(`<${argument.name()}>`, argument.argChoices);
}

function argumentAt(command: Command, at: number): Argument | undefined {
  const last = command.registeredArguments.at(-1);
  return command.registeredArguments[at] ?? (last?.variadic === true ? last : undefined);
}

/** The option's own name for its value says what it is: `--home <dir>`. */
function completeValue(flags: string, choices: readonly string[] | undefined): Completion {
  if (choices !== undefined) return values(choices.map((value) => ({ value, about: "" })));
  if (/[<[]dir(?:\.\.\.)?[>\]]/.test(flags)) return { kind: "dirs" };
  if (/[<[](?:file|path)(?:\.\.\.)?[>\]]/.test(flags)) return { kind: "files" };
  return values([]);
}

/** With those of the program, which hold for every command. */
function optionsOf(command: Command, program: Command): readonly Option[] {
  const own = command.createHelp().visibleOptions(command);
  return command === program ? own : [...own, ...program.options.filter(({ long }) => long !== "--version")];
}

function valueOption(options: readonly Option[], word: string): Option | undefined {
  const option = options.find(({ long, short }) => word === long || word === short);
  return option?.required === true ? option : undefined;
}

function values(list: readonly Candidate[]): Completion {
  return { kind: "values", values: list };
}
