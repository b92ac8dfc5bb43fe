import { once } from "node:events";
import { PaddockError, parseDuration, parseSize } from "@paddock/contract";
import {
  DEFAULT_PIDS,
  type IsolatedProgram,
  type IsolateOptions,
  type IsolateResult,
  isolate,
  type PaddockConfig,
} from "@paddock/host";
import { Command, InvalidArgumentError } from "commander";
import type { Answer } from "../answer.js";
import { examples } from "../examples.js";
import { addHostFlags, type HostFlags } from "../host-flags.js";
import { readConfig } from "../read-config.js";
import type { Terminal } from "../terminal.js";

interface ExecFlags extends HostFlags {
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  readonly env?: readonly string[];
  readonly memory?: string;
  readonly cpu?: number;
  readonly timeout?: string;
  readonly pids: number;
  readonly cwd?: string;
}

/** Passed on to the program: it decides what they mean to it. */
const PASSED_ON = [
  ...["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT", "SIGWINCH"],
] as readonly NodeJS.Signals[]; // Safe: they are names of signals.

/** `paddock exec [OPTIONS] -- CMD…` */
export function execCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  const command = new Command("exec")
    .summary("run any program behind the same walls")
    .description(
      "Runs any program behind the walls of plugins: no network, and no files but the system's programs and what is granted. Its output, its input, signals and its exit code pass through.",
    )
    .usage("[options] -- <command...>")
    // Those of a program whose -- was forgotten: the error says so, instead of calling them unknown.
    .allowUnknownOption()
    .argument("<command...>", "the program and its arguments")
    .option("--read <path>", "a file or folder that it may read (repeatable)", collect)
    .option("--write <path>", "a file or folder that it may write (repeatable)", collect)
    .option("--memory <size>", "memory of all its processes together, such as 64MB", checkSize)
    .option("--cpu <number>", "processors it may keep busy, such as 0.5", readNumber)
    .option("--timeout <duration>", "how long it may run, such as 30s", checkDuration)
    .option(
      "--pids <number>",
      "processes and threads together; 1 for none but itself",
      readCount,
      DEFAULT_PIDS,
    )
    .option("--env <name=value>", "a variable it gets (repeatable); nothing is inherited", collect)
    .option("--cwd <dir>", "where it starts (default: here, when anything here is granted, else /tmp)")
    .addHelpText(
      "after",
      examples(terminal, [
        ["paddock exec -- python3 -c 'print(6 * 7)'", "a program that may reach nothing"],
        ["paddock exec --read . -- python3 report.py", "with the files here to read"],
        [
          "paddock exec --read in.png --write out --memory 64MB --timeout 30s -- ./convert in.png out",
          "with limits",
        ],
      ]),
    );
  return addHostFlags(command).action(async (argv: readonly string[], flags: ExecFlags) => {
    deliver(await exec(terminal, argv, flags));
  });
}

async function exec(terminal: Terminal, argv: readonly string[], flags: ExecFlags): Promise<Answer> {
  assertSeparated(argv);
  const config = await readConfig(flags);
  const starting = new AbortController();
  let program: IsolatedProgram | undefined;
  const passOn = (signal: NodeJS.Signals) => {
    if (program !== undefined) program.kill(signal);
    else if (signal !== "SIGCONT" && signal !== "SIGWINCH")
      starting.abort(new PaddockError("CANCELLED", `Stopped by ${signal}.`, { data: { signal } }));
  };
  for (const signal of PASSED_ON) process.on(signal, passOn);
  try {
    program = await isolate(argv, { ...toOptions(flags, config), signal: starting.signal });
    passInput(program);
    const out = terminal.isJson ? process.stderr : process.stdout;
    const result = await finish(program, out);
    return toAnswer(result, argv);
  } finally {
    for (const signal of PASSED_ON) process.off(signal, passOn);
    // A terminal that nobody reads any more would keep this process waiting.
    process.stdin.unpipe().pause().unref?.();
  }
}

/** Without the dashes, options meant for the program would be taken for grants of ours. */
function assertSeparated(argv: readonly string[], line: readonly string[] = process.argv): void {
  const at = line.indexOf("--");
  const strays = at === -1 ? [] : argv.slice(0, argv.length - (line.length - at - 1));
  if (at !== -1 && strays.length === 0) return;
  if (strays.length > 0) {
    const what = strays[0]?.startsWith("-") ? "option" : "word";
    throw new PaddockError("USAGE_INVALID", `Unknown ${what} ${JSON.stringify(strays[0])} before --.`, {
      hint: "What belongs to the program comes after --; run the command with --help to see its own options.",
    });
  }
  throw new PaddockError("USAGE_INVALID", "Cannot tell where the program's own words begin.", {
    hint: `Write -- before it: paddock exec [options] -- ${argv.join(" ")}`,
  });
}

function toOptions(flags: ExecFlags, { preset, home, limits }: PaddockConfig): IsolateOptions {
  const { read = [], write = [], env = [], memory, cpu, timeout, pids, cwd } = flags;
  return {
    ...{ read, write, pids, env: readVariables(env) },
    ...(preset === undefined ? {} : { preset }),
    ...(home === undefined ? {} : { home }),
    ...(limits === undefined ? {} : { limits }),
    ...(memory === undefined ? {} : { memory }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(cwd === undefined ? {} : { cwd }),
  };
}

/** The program may stop reading, or end, at any time; that is its affair. */
function passInput({ stdin }: IsolatedProgram): void {
  process.stdin.on("error", () => stdin.end());
  process.stdin.pipe(stdin);
}

/** Everything the program said is out before its exit status is told. */
async function finish(program: IsolatedProgram, out: NodeJS.WriteStream): Promise<IsolateResult> {
  const [, , result] = await Promise.all([
    pass(program, program.stdout, out),
    pass(program, program.stderr, process.stderr),
    program.result,
  ]);
  return result;
}

/** Never more ahead than a buffer. When nobody reads any more, the program hears of it as of any closed pipe. */
async function pass(
  program: IsolatedProgram,
  source: IsolatedProgram["stdout"],
  target: NodeJS.WriteStream,
): Promise<void> {
  const stop = () => {
    // Its pipes are sockets, which would only tell it of a reset.
    program.kill("SIGPIPE");
    source.destroy();
  };
  target.once("error", stop);
  source.pipe(target, { end: false });
  await once(source, "close").catch(() => undefined);
  target.off("error", stop);
}

function toAnswer(result: IsolateResult, argv: readonly string[]): Answer {
  const { code, message, hint, exitCode, signal } = result;
  if (code === undefined) return { json: result, text: "", status: exitCode ?? 1 };
  const failure = new PaddockError(code, `Cannot run ${JSON.stringify(argv[0])} to its end: ${message}.`, {
    hint,
    data: { exitCode, signal },
  });
  return { json: { result }, text: "", failure };
}

function readVariables(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.map((text) => {
      const at = text.indexOf("=");
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new PaddockError(
        "USAGE_INVALID",
        `Cannot set the variable ${JSON.stringify(text)}: it has no value.`,
        {
          hint: "Write --env NAME=VALUE.",
        },
      );
    }),
  );
}

function collect(one: string, others: readonly string[] = []): readonly string[] {
  return [...others, one];
}

function checkSize(text: string): string {
  if (parseSize(text)) return text;
  throw new InvalidArgumentError("Expected a size such as 64MB.");
}

function checkDuration(text: string): string {
  if (parseDuration(text)) return text;
  throw new InvalidArgumentError("Expected a duration such as 500ms, 30s or 5m.");
}

function readNumber(text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError("Expected a number such as 0.5.");
}

function readCount(text: string): number {
  const count = readNumber(text);
  if (Number.isInteger(count)) return count;
  throw new InvalidArgumentError("Expected a whole number.");
}
