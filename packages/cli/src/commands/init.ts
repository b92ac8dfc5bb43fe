import { basename, resolve } from "node:path";
import { PaddockError, parseManifest } from "@paddock/contract";
import { Command, Option } from "commander";
import type { Answer } from "../answer.js";
import { askAboutPlugin } from "../ask-about-plugin.js";
import { examples } from "../examples.js";
import {
  aboutTemplate,
  assertEmpty,
  TEMPLATES,
  type TemplateName,
  writeTemplate,
} from "../plugin-template.js";
import type { Terminal } from "../terminal.js";
import { readVersion } from "../version.js";

interface InitFlags {
  readonly template?: TemplateName;
  readonly id?: string;
  readonly yes?: boolean;
}

/** `paddock init DIR` */
export function initCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  return new Command("init")
    .summary("make a new plugin that works")
    .description("Makes a new plugin that works. Asks for what is not given, on a terminal only.")
    .argument("<dir>", "an empty folder, or one that does not exist yet")
    .addOption(new Option("--template <name>", "which one to begin with").choices(TEMPLATES))
    .option("--id <publisher/name>", "the plugin's id, for example acme/hello")
    .option("-y, --yes", "ask nothing and take the defaults")
    .addHelpText(
      "after",
      examples(terminal, [
        ["paddock init hello", "asks for the template and the id"],
        ["paddock init hello --template javascript --id acme/hello", "asks nothing more"],
      ]),
    )
    .action(async (folder: string, flags: InitFlags) => {
      deliver(await init(terminal, folder, flags));
    });
}

async function init(terminal: Terminal, folder: string, flags: InitFlags): Promise<Answer> {
  if (flags.id !== undefined) assertId(flags.id);
  await assertEmpty(folder);
  const suggestion = { template: flags.template ?? "typescript", id: flags.id ?? suggestId(folder) } as const;
  const isAsking = terminal.isInteractive && flags.yes !== true;
  const { template, id } = isAsking ? await askAboutPlugin(flags, suggestion, assertId) : suggestion;
  const name = id.slice(id.indexOf("/") + 1);
  await writeTemplate(template, folder, { id, name, title: titleOf(name), paddock: readVersion() });
  return {
    json: { folder: resolve(folder), id, template },
    text: nextSteps(terminal, folder, id, aboutTemplate(template).note),
  };
}

function nextSteps({ out: { colors } }: Terminal, folder: string, id: string, note: string): string {
  const path = shellWord(folder);
  return [
    `${colors.green("✓")} ${colors.bold(id)} is in ${path}.`,
    "",
    colors.bold("Next"),
    `  $ ${colors.cyan(`paddock validate ${path}`)}`,
    `  $ ${colors.cyan(`paddock run ${path} greet '{ "name": "Ada" }'`)}`,
    "",
    colors.dim(note),
    "",
  ].join("\n");
}

/** The manifest's own rule, so that what is made here is what it accepts. */
function assertId(id: string): void {
  try {
    const runtime = { kind: "node", entry: "main.js" };
    parseManifest({ manifest: 1, id, version: "0.1.0", runtime, actions: { greet: {} } }, "plugin.yaml");
  } catch (cause) {
    throw new PaddockError("USAGE_INVALID", `${JSON.stringify(id)} is not the id of a plugin.`, {
      hint: 'It is publisher/name, such as "acme/hello": lower-case letters, digits and inner hyphens.',
      cause,
    });
  }
}

function suggestId(folder: string): string {
  const words = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 64)
    .replace(/^-+|-+$/g, "");
  return `example/${words === "" ? "plugin" : words}`;
}

function titleOf(name: string): string {
  const words = name.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A path that can be pasted into a shell. */
function shellWord(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
