import { escapeText } from "@paddock/contract";
import pc from "picocolors";
import { type Progress, showProgress, silentProgress } from "./progress.js";

type Colors = ReturnType<typeof pc.createColors>;

/** Lines are not longer than people read with ease, however wide the window is. */
const MAX_WIDTH = 110;
/** For output that goes to a file or a program. */
const PLAIN_WIDTH = 100;

/** Where a command speaks: results on standard output, everything else on standard error. */
export interface Terminal {
  readonly isJson: boolean;
  /** True when a person can be asked. */
  readonly isInteractive: boolean;
  readonly out: Stream;
  readonly err: Stream;
  /** Shows that something is going on, on a terminal only; `end()` removes every trace. */
  progress(doing: string): Progress;
}

export interface Stream {
  readonly isTerminal: boolean;
  readonly width: number;
  readonly colors: Colors;
  write(text: string): void;
}

interface Flags {
  readonly isJson: boolean;
  readonly isColorless: boolean;
}

/** The terminal as the arguments and the environment want it. */
export function createTerminal(args: readonly string[], host: NodeJS.Process = process): Terminal {
  const { isJson, isColorless } = readFlags(args);
  const mayColor = !isColorless && !host.env.NO_COLOR && host.env.TERM !== "dumb";
  const out = toStream(host.stdout, mayColor);
  const err = toStream(host.stderr, mayColor);
  const mayMove = err.isTerminal && !isJson && host.env.TERM !== "dumb";
  return {
    isJson,
    isInteractive: host.stdin.isTTY === true && out.isTerminal && err.isTerminal && !isJson,
    out,
    err,
    progress: (doing) => (mayMove ? showProgress(err, doing) : silentProgress(err)),
  };
}

/** Text of a plugin with its line ends kept and everything else that a terminal would obey made visible. */
export function visible(text: string): string {
  return text
    .split("\n")
    .map((line) => escapeText(line))
    .join("\n");
}

/** Read before the arguments are parsed, because a mistake in them is reported in the same form. */
function readFlags(args: readonly string[]): Flags {
  const end = args.indexOf("--");
  const options = end === -1 ? args : args.slice(0, end);
  return { isJson: options.includes("--json"), isColorless: options.includes("--no-color") };
}

function toStream(stream: NodeJS.WriteStream, mayColor: boolean): Stream {
  const isTerminal = stream.isTTY === true;
  return {
    isTerminal,
    width: Math.min(MAX_WIDTH, isTerminal ? stream.columns || PLAIN_WIDTH : PLAIN_WIDTH),
    colors: pc.createColors(isTerminal && mayColor),
    write: (text) => void stream.write(text),
  };
}
