import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { PaddockError } from "@paddock/contract";
import { type PluginSchemas, readPluginSchemas } from "@paddock/host";
import { Command } from "commander";
import type { Answer } from "../answer.js";
import { findPlugins } from "../client/find-plugins.js";
import { printClient } from "../client/print-client.js";
import { addControlFlags, type ControlFlags } from "../control-flags.js";
import { examples } from "../examples.js";
import type { Terminal } from "../terminal.js";
import { useControl } from "../use-control.js";

interface TypesFlags extends ControlFlags {
  readonly out?: string;
}

/** `paddock types [PLUGIN|DIR]…` */
export function typesCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  const command = new Command("types")
    .summary("write a typed client for plugins")
    .description(
      "Writes a module of TypeScript with a typed function for each action, made from the plugins' own schemas. None of their code runs.",
    )
    .argument(
      "[plugin...]",
      "folders of plugins, folders with such folders in them, or ids of what a running host has loaded (default: all of that)",
    )
    .option("--out <file>", "where to write it (default: standard output)")
    .addHelpText(
      "after",
      examples(terminal, [
        ["paddock types ./plugins --out src/plugins.ts", "one client for all of them"],
        ["paddock types ./plugins/loyalty", "see what it would be"],
        ["paddock types --out src/plugins.ts", "what the running host has loaded"],
      ]),
    );
  return addControlFlags(command).action(async (named: readonly string[], flags: TypesFlags) => {
    deliver(await writeTypes(terminal, await findFolders(named, flags), flags));
  });
}

/** Folders stand for the plugins in them; an id, or nothing, for what a running host has loaded, and from where. */
async function findFolders(named: readonly string[], flags: ControlFlags): Promise<readonly string[]> {
  const ids = named.filter((one) => PLUGIN_ID.test(one) && !existsSync(one));
  const folders = (await Promise.all(named.filter((one) => !ids.includes(one)).map(findPlugins))).flat();
  if (named.length > 0 && ids.length === 0) return folders;
  const loaded = await useControl(flags, (client) =>
    ids.length === 0 ? client.list() : Promise.all(ids.map((id) => client.get(id))),
  );
  return [...folders, ...loaded.map(({ folder }) => folder)];
}

/** What is no folder and looks like publisher/name. */
const PLUGIN_ID = /^[a-z0-9-]+\/[a-z0-9-]+$/;

async function writeTypes(
  terminal: Terminal,
  folders: readonly string[],
  { out }: TypesFlags,
): Promise<Answer> {
  const plugins = await readPlugins(folders);
  const client = printClient(plugins);
  const ids = plugins.map(({ manifest }) => manifest.id).sort();
  if (out === undefined) return { json: { plugins: ids, client }, text: client };
  await replace(out, client);
  return {
    json: { plugins: ids, file: resolve(out) },
    text: `${terminal.out.colors.green("✓")} ${out} has a client for ${ids.join(", ")}.\n`,
  };
}

async function readPlugins(folders: readonly string[]): Promise<readonly PluginSchemas[]> {
  const byId = new Map<string, { readonly folder: string; readonly plugin: PluginSchemas }>();
  for (const folder of new Set(folders.map((one) => resolve(one)))) {
    const plugin = await readPluginSchemas(folder);
    const known = byId.get(plugin.manifest.id);
    if (known !== undefined) {
      throw new PaddockError(
        "USAGE_INVALID",
        `Cannot write one client for two plugins "${plugin.manifest.id}": ${known.folder} and ${folder}.`,
        { hint: "Name the folder of the one that the application loads." },
      );
    }
    byId.set(plugin.manifest.id, { folder, plugin });
  }
  return [...byId.values()].map(({ plugin }) => plugin);
}

/** As a whole or not at all: a compiler may be watching the file. */
async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(draft, text, { flag: "wx" });
    await rename(draft, file);
  } catch (cause) {
    await rm(draft, { force: true });
    const state = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new PaddockError("USAGE_INVALID", `Cannot write ${file}: ${state}.`, {
      hint: "Give a file in a folder that is there and that this user may write.",
      cause,
    });
  }
}
