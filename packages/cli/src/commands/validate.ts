import { type Manifest, type PaddockError, toPaddockError } from "@paddock/contract";
import {
  type GuestLog,
  type Host,
  type PaddockConfig,
  type PluginInfo,
  readManifest,
  resolveConfig,
} from "@paddock/host";
import { Command } from "commander";
import type { Answer } from "../answer.js";
import { examples } from "../examples.js";
import { formatError } from "../format-error.js";
import { formatLog } from "../format-log.js";
import { formatNotes } from "../format-notes.js";
import { addHostFlags, type HostFlags } from "../host-flags.js";
import { type PluginNotes, readPluginNotes } from "../plugin-notes.js";
import type { Progress } from "../progress.js";
import { readConfig } from "../read-config.js";
import type { Terminal } from "../terminal.js";
import { withTrialHome } from "../trial-home.js";
import { useHost } from "../use-host.js";

interface ValidateFlags extends HostFlags {
  /** Folders of plugins that it depends on. */
  readonly with?: readonly string[];
}

/** `paddock validate DIR` */
export function validateCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  const command = new Command("validate")
    .summary("check a plugin: manifest, code, schemas, a start behind the walls")
    .description(
      "Checks a plugin as a host would: manifest, configuration, code, schemas, and one start behind all walls, with data of its own that is erased afterwards. Lists what is wrong, what the plugin asks for, and what it will not get.",
    )
    .argument("<dir>", "the plugin's folder")
    .option("--with <dir...>", "folders of plugins that it depends on")
    .addHelpText(
      "after",
      examples(terminal, [
        ["paddock validate ./hello", "is it ready?"],
        ["paddock validate ./thumbs --with ./images", "with the plugin that it depends on"],
        ["paddock validate ./hello --json", "the same for a program; the exit status says it too"],
      ]),
    );
  return addHostFlags(command).action(async (folder: string, flags: ValidateFlags) => {
    deliver(await validate(terminal, folder, flags));
  });
}

/** The steps in order; each is tried even when an earlier one failed, as far as it can be. */
async function validate(terminal: Terminal, folder: string, flags: ValidateFlags): Promise<Answer> {
  const problems: PaddockError[] = [];
  const attempt = async <T>(doing: string, step: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await step();
    } catch (error) {
      problems.push(toPaddockError(error, doing));
      return undefined;
    }
  };
  const manifest = await attempt("read the manifest", () => readManifest(folder));
  const config = await attempt("read the configuration", () => readConfig(flags, folder));
  const progress = terminal.progress("Checking the plugin");
  let info: PluginInfo | undefined;
  try {
    if (manifest !== undefined && config !== undefined) {
      info = await attempt("start the plugin", () =>
        tryStart(terminal, progress, [folder, ...(flags.with ?? [])], config),
      );
    }
  } finally {
    progress.end();
  }
  const interrupted = problems.find((problem) => problem.code === "CANCELLED");
  if (interrupted !== undefined) throw interrupted;
  const notes = manifest && config && readPluginNotes(manifest, resolveConfig(config));
  return toAnswer(terminal, { manifest, info, notes, problems });
}

/**
 * The first folder's plugin, beside those of the others. In a home of its own: a start must not touch the data that the
 * plugin keeps elsewhere.
 */
function tryStart(
  terminal: Terminal,
  progress: Progress,
  folders: readonly string[],
  config: PaddockConfig,
): Promise<PluginInfo | undefined> {
  const onLog = (log: GuestLog) => progress.above(formatLog(log, terminal.err));
  return withTrialHome(resolveConfig(config).home, "validate", (home) =>
    useHost({ ...config, home, onLog }, async (host: Host) => {
      const [plugin] = await host.loadAll(folders);
      progress.now("Starting it behind the walls");
      if (plugin !== undefined) await host.start(plugin.id);
      return plugin;
    }),
  );
}

interface Findings {
  readonly manifest: Manifest | undefined;
  readonly info: PluginInfo | undefined;
  readonly notes: PluginNotes | undefined;
  readonly problems: readonly PaddockError[];
}

function toAnswer(terminal: Terminal, { manifest, info, notes, problems }: Findings): Answer {
  const { colors } = terminal.out;
  const [failure, ...others] = problems;
  const name = manifest === undefined ? undefined : `${manifest.id} ${manifest.version}`;
  const verdict =
    failure === undefined
      ? `${colors.green("✓")} ${colors.bold(name ?? "")} is valid.\n`
      : `${colors.red("✗")} ${colors.bold(name ?? "The plugin")} is not valid.\n`;
  return {
    json: {
      isValid: failure === undefined,
      ...(manifest === undefined ? {} : { plugin: manifest.id, version: manifest.version }),
      ...(info === undefined ? {} : { digest: info.digest }),
      ...(manifest === undefined ? {} : { actions: Object.keys(manifest.actions) }),
      ...notes,
      problems: problems.map((problem) => problem.toJSON()),
    },
    text: `${verdict}${manifest === undefined ? "" : formatNotes({ manifest, info, notes }, terminal.out)}`,
    ...(others.length === 0
      ? {}
      : { notes: others.map((other) => formatError(other, terminal.err)).join("") }),
    ...(failure === undefined ? {} : { failure }),
  };
}
