import { readdir } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { PaddockError, toPaddockError } from "@paddock/contract";
import { type GuestLog, MANIFEST_NAMES, type PluginInfo, resolveConfig } from "@paddock/host";
import { Command } from "commander";
import type { Answer } from "../answer.js";
import { configOf } from "../config-of.js";
import { formatEvent } from "../dev/format-happening.js";
import { examples } from "../examples.js";
import { formatLog } from "../format-log.js";
import { formatNotLoaded } from "../format-not-loaded.js";
import { grantedByPreset } from "../granted-by-preset.js";
import { hasFile } from "../has-file.js";
import { addHostFlags, type HostFlags } from "../host-flags.js";
import { readConfig } from "../read-config.js";
import { runServer, type Serving } from "../run-server.js";
import { type Terminal, visible } from "../terminal.js";

interface ServeFlags extends HostFlags {
  readonly load: readonly string[];
  readonly plugins?: string;
}

/** `paddock serve` */
export function serveCommand(terminal: Terminal, _deliver: (answer: Answer) => void): Command {
  const command = new Command("serve")
    .summary("run a host that other commands speak to")
    .description(
      "Runs a host until Ctrl-C or SIGTERM. Other commands (call, ps, top, logs, …) reach it through a control socket in its home that only this user can open. A plugin that cannot be loaded is listed and does not stop the others.",
    )
    .option("--load <dir>", "a plugin's folder; may be given again", collect, [])
    .option("--plugins <dir>", "load every plugin in this folder (default: the configuration's)")
    .addHelpText(
      "after",
      examples(terminal, [
        ["paddock serve --load ./hello --load ./thumbs", "two plugins"],
        ["paddock serve --plugins /srv/plugins", "every plugin in a folder"],
        ["paddock ps", "from another terminal: what is loaded?"],
      ]),
    );
  return addHostFlags(command).action(async (flags: ServeFlags) => serve(terminal, flags));
}

async function serve(terminal: Terminal, flags: ServeFlags): Promise<void> {
  const config = await readConfig(flags);
  const { plugins } = resolveConfig(configOf(config)).serve;
  const folder = flags.plugins ?? plugins;
  const folders = [
    ...flags.load.map((one) => resolve(one)),
    ...(folder === undefined ? [] : await pluginsIn(folder)),
  ];
  const onLog = (log: GuestLog) => terminal.err.write(formatLog(log, terminal.err));
  await runServer({ ...config, onLog }, async (serving) => {
    const telling = tellIncidents(terminal, serving);
    const loaded = await loadEach(serving, folders);
    announce(terminal, serving, loaded);
    await telling;
  });
}

/** Why guests end and what comes near a limit, among the lines of the log, until the host closes. */
async function tellIncidents({ err }: Terminal, { host, stop }: Serving): Promise<void> {
  const events = host.events();
  stop.addEventListener("abort", () => void events.return?.(), { once: true });
  for await (const event of events) {
    if (event.kind === "missed" || event.kind === "guest-started") continue;
    const incident = formatEvent(event, err);
    if (incident !== "") err.write(`${err.colors.dim(`${event.plugin} `)}${incident}`);
  }
}

/** Each folder in it that has a manifest, in the order of their names. */
async function pluginsIn(folder: string): Promise<readonly string[]> {
  const root = isAbsolute(folder) ? folder : resolve(folder);
  const names = (
    await readdir(root).catch((cause: NodeJS.ErrnoException) => {
      const state = cause.code === "ENOENT" ? "there is no such folder" : (cause.code ?? String(cause));
      throw new PaddockError("USAGE_INVALID", `Cannot list the plugins in ${root}: ${state}.`, {
        hint: "Name a folder of plugins' folders: --plugins DIR, or serve.plugins in the configuration.",
        cause,
      });
    })
  ).sort();
  const found = await Promise.all(
    names.map(async (name) => ((await isPlugin(join(root, name))) ? [join(root, name)] : [])),
  );
  return found.flat();
}

async function isPlugin(folder: string): Promise<boolean> {
  const found = await Promise.all(MANIFEST_NAMES.map((name) => hasFile(join(folder, name))));
  return found.includes(true);
}

/** One that is broken does not stop the others; one that depends on another is tried again after it. */
async function loadEach(
  { host, stop, notLoaded }: Serving,
  folders: readonly string[],
): Promise<readonly PluginInfo[]> {
  const loaded: PluginInfo[] = [];
  let left = folders;
  for (let isMoving = true; isMoving && left.length > 0 && !stop.aborted; ) {
    const again: string[] = [];
    notLoaded.length = 0;
    for (const folder of left) {
      if (stop.aborted) break;
      try {
        loaded.push(await host.load(folder));
      } catch (error) {
        const failure = toPaddockError(error, `load ${folder}`);
        notLoaded.push({ folder, error: failure.toJSON() });
        again.push(folder);
      }
    }
    const mayHelp = notLoaded.some(({ error }) => error.code === "DEPENDENCY_UNMET");
    isMoving = again.length < left.length && mayHelp;
    left = again;
  }
  return loaded;
}

function announce(
  terminal: Terminal,
  { path, home, preset, notLoaded, stop }: Serving,
  loaded: readonly PluginInfo[],
): void {
  if (stop.aborted) return;
  if (terminal.isJson) {
    const plugins = loaded.map(({ id, version, digest }) => ({ id, version, digest }));
    terminal.out.write(`${JSON.stringify({ socket: path, home, pid: process.pid, plugins, notLoaded })}\n`);
    return;
  }
  const { colors } = terminal.out;
  const lines = loaded.map((plugin) => {
    const extra = grantedByPreset(plugin, preset);
    const note =
      extra.length === 0 ? "" : `  granted only because the preset is "${preset}": ${extra.join(", ")}\n`;
    const { id, version, title } = plugin;
    return `${colors.green("✓")} ${colors.bold(id)} ${version}  ${colors.dim(visible(title))}\n${colors.yellow(note)}`;
  });
  terminal.out.write(lines.join(""));
  terminal.err.write(formatNotLoaded(notLoaded, terminal.err));
  const many = loaded.length === 1 ? "1 plugin" : `${loaded.length} plugins`;
  terminal.out.write(`Serving ${many} at ${visible(path)}\n`);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
