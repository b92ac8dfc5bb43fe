import { type PaddockError, toPaddockError } from "@paddock/contract";
import { type GuestLog, type Host, type PluginInfo, resolveConfig } from "@paddock/host";
import { Command } from "commander";
import type { Answer } from "../answer.js";
import { examples } from "../examples.js";
import { formatAnswer } from "../format-answer.js";
import { formatLog } from "../format-log.js";
import { formatReport, type RunReport } from "../guest-report.js";
import { addHostFlags, type HostFlags } from "../host-flags.js";
import type { Progress } from "../progress.js";
import { readConfig } from "../read-config.js";
import { readDuration } from "../read-duration.js";
import { readPayload } from "../read-payload.js";
import { gatherAnswer, showAnswer, toCallAnswer } from "../show-answer.js";
import type { Terminal } from "../terminal.js";
import { useHost } from "../use-host.js";
import { type GuestPlace, watchGuest } from "../watch-guest.js";

interface RunFlags extends HostFlags {
  readonly tenant: string;
  readonly timeout?: number;
  readonly report?: boolean;
}

/** What came of the call, with what was seen of its guest. */
interface Outcome {
  readonly result?: unknown;
  /** An answer that came in pieces, as far as there is more to say. */
  readonly shown?: Answer;
  readonly failure?: PaddockError;
  readonly report: RunReport | undefined;
}

/** `paddock run DIR ACTION [PAYLOAD]` */
export function runCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  const command = new Command("run")
    .summary("run one action of a plugin behind all walls")
    .description("Runs one action of a plugin behind all walls and prints its answer.")
    .argument("<dir>", "the plugin's folder")
    .argument("<action>", "which of its actions")
    .argument("[payload]", "JSON, @file with JSON, or - for standard input (default: null)")
    .option("--tenant <name>", "whose data the call is about", "main")
    .option("--timeout <duration>", "how long to wait for the answer, such as 5s", readDuration)
    .option("--report", "say which walls stood and how much of each limit was used")
    .addHelpText(
      "after",
      examples(terminal, [
        [`paddock run ./hello greet '{ "name": "Ada" }'`, "the answer as people read it"],
        ["paddock run ./hello greet @input.json --json", "as one JSON value, from a file"],
        ["date +%s | paddock run ./hello greet -", "the payload from standard input"],
        ["paddock run ./hello greet --report", "with its walls and its use of the limits"],
      ]),
    );
  return addHostFlags(command).action(
    async (folder: string, action: string, payload: string | undefined, flags: RunFlags) => {
      const answer = await run(terminal, { folder, action, payload, flags });
      if (answer !== undefined) deliver(answer);
    },
  );
}

interface Line {
  readonly folder: string;
  readonly action: string;
  readonly payload: string | undefined;
  readonly flags: RunFlags;
}

async function run(
  terminal: Terminal,
  { folder, action, payload: written, flags }: Line,
): Promise<Answer | undefined> {
  const config = await readConfig(flags, folder);
  const spec = {
    folder,
    action,
    payload: await readPayload(written),
    tenant: flags.tenant,
    timeoutMs: flags.timeout,
    isFreshPerCall: resolveConfig(config).preset === "high-security",
  };
  const progress = terminal.progress("Loading the plugin");
  try {
    const options = {
      ...config,
      onLog: (log: GuestLog) => progress.above(formatLog(log, terminal.err)),
    };
    const outcome = await useHost(options, async (host, signal) => {
      const plugin = await host.load(folder);
      progress.now(`Running ${action}`);
      return flags.report === true
        ? callAndReport(host, plugin, { ...spec, signal })
        : showWhole(terminal, progress, await call(host, plugin, { ...spec, signal }));
    });
    progress.end();
    return toAnswer(outcome, terminal);
  } finally {
    progress.end();
  }
}

interface CallSpec extends GuestPlace {
  readonly action: string;
  readonly payload: unknown;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
}

function call(
  host: Host,
  plugin: PluginInfo,
  { action, payload, tenant, timeoutMs, signal }: CallSpec,
): Promise<unknown> {
  return host.call(plugin.id, action, payload, { tenant, timeoutMs, signal });
}

/** A failed call is reported about as well: how near it came to its limits is what its author needs to know. */
async function callAndReport(host: Host, plugin: PluginInfo, spec: CallSpec): Promise<Outcome> {
  const guest = await watchGuest(host, plugin, spec);
  try {
    const result = await gatherAnswer(toCallAnswer(await call(host, plugin, spec)));
    return { result, report: await guest.report() };
  } catch (error) {
    spec.signal.throwIfAborted();
    return { failure: toPaddockError(error, `run "${spec.action}"`), report: await guest.report() };
  } finally {
    guest.close();
  }
}

/** What comes in pieces is written while the host is still there to make it. */
async function showWhole(terminal: Terminal, progress: Progress, result: unknown): Promise<Outcome> {
  const answer = toCallAnswer(result);
  if (answer.kind === "json") return { result: answer.value, report: undefined };
  progress.end();
  const shown = await showAnswer(terminal, answer);
  return { shown: shown ?? { json: undefined, text: "" }, report: undefined };
}

function toAnswer({ result, shown, failure, report }: Outcome, terminal: Terminal): Answer | undefined {
  if (shown !== undefined) return shown.json === undefined ? undefined : shown;
  const notes = report === undefined ? {} : { notes: formatReport(report, terminal.err) };
  if (failure !== undefined) return { json: { report }, text: "", ...notes, failure };
  return {
    json: report === undefined ? (result ?? null) : { result: result ?? null, report },
    text: formatAnswer(result, terminal.out),
    ...notes,
  };
}
