import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { confirm } from "@clack/prompts";
import { formatSize, PaddockError } from "@paddock/contract";
import type { DataListing } from "@paddock/host";
import { Command } from "commander";
import type { Answer } from "../answer.js";
import { addControlFlags, type ControlFlags } from "../control-flags.js";
import { examples } from "../examples.js";
import { type Cell, formatTable } from "../format-table.js";
import { type Stream, type Terminal, visible } from "../terminal.js";
import { useControl } from "../use-control.js";
import { writeOut } from "../write-out.js";

interface DataFlags extends ControlFlags {
  readonly tenant: string;
}

interface ExportFlags extends DataFlags {
  readonly output?: string;
}

interface ClearFlags extends DataFlags {
  readonly yes?: boolean;
}

/** `paddock data show | export | clear PLUGIN` */
export function dataCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  return new Command("data")
    .helpCommand(false)
    .summary("show, export or clear what a plugin keeps for a tenant")
    .description("What a plugin of a running host keeps for a tenant: its files, and its keys and values.")
    .addCommand(showCommand(terminal, deliver))
    .addCommand(exportCommand(terminal, deliver))
    .addCommand(clearCommand(terminal, deliver))
    .addHelpText(
      "after",
      examples(terminal, [
        ["paddock data show acme/notes --tenant shop-7", "its files and their sizes"],
        ["paddock data export acme/notes --tenant shop-7 > notes.tar", "everything as one archive"],
        ["paddock data clear acme/notes --tenant shop-7 --yes", "erase it"],
      ]),
    );
}

function withPlugin(command: Command): Command {
  return addControlFlags(
    command
      .argument("<plugin>", "the plugin's id, publisher/name")
      .option("--tenant <name>", "whose data", "main"),
  );
}

function showCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  return withPlugin(
    new Command("show").description("Lists a plugin's files for a tenant. Links are shown, never followed."),
  ).action(async (plugin: string, flags: DataFlags) => {
    await useControl(flags, async (client) => {
      const listing = await client.showData(plugin, flags.tenant);
      deliver({ json: listing, text: formatListing(listing, terminal.out) });
    });
  });
}

function exportCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  return withPlugin(
    new Command("export")
      .description("Writes everything that a plugin keeps for a tenant as a tar archive. Links are left out.")
      .option("-o, --output <file>", "write it there; it must not exist"),
  ).action(async (plugin: string, flags: ExportFlags) => {
    if (flags.output === undefined && terminal.out.isTerminal) {
      throw new PaddockError("USAGE_INVALID", "Cannot write an archive to a terminal.", {
        hint: "Send it to a file: --output FILE, or > FILE.",
      });
    }
    await useControl(flags, async (client, signal) => {
      const archive = client.exportData(plugin, flags.tenant, signal);
      if (flags.output === undefined) {
        for await (const piece of archive) if (!(await writeOut(piece))) return;
        return;
      }
      const bytes = await writeArchive(archive, flags.output);
      deliver({
        json: { file: flags.output, bytes },
        text: `${formatSize(bytes)} are in ${visible(flags.output)}.\n`,
      });
    });
  });
}

/** Half an archive is worse than none. */
async function writeArchive(archive: AsyncIterable<Uint8Array>, path: string): Promise<number> {
  const file = createWriteStream(path, { flags: "wx", mode: 0o600 });
  await new Promise<void>((resolve, reject) => {
    file.once("open", () => resolve());
    file.once("error", (cause) =>
      reject(new PaddockError("USAGE_INVALID", `Cannot write ${path}: ${cause.message}.`, { cause })),
    );
  });
  try {
    await pipeline(archive, file);
    return file.bytesWritten;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

function clearCommand(terminal: Terminal, deliver: (answer: Answer) => void): Command {
  return withPlugin(
    new Command("clear")
      .description("Erases everything that a plugin keeps for a tenant; its guests are ended first.")
      .option("--yes", "do not ask"),
  ).action(async (plugin: string, flags: ClearFlags) => {
    await assertMeant(terminal, plugin, flags);
    await useControl(flags, async (client) => {
      const cleared = await client.clearData(plugin, flags.tenant);
      const { colors } = terminal.out;
      deliver({
        json: { plugin, tenant: flags.tenant, ...cleared },
        text: `${colors.green("✓")} What ${colors.bold(plugin)} kept for ${visible(flags.tenant)} is erased.\n`,
      });
    });
  });
}

async function assertMeant(terminal: Terminal, plugin: string, { tenant, yes }: ClearFlags): Promise<void> {
  if (yes === true) return;
  if (!terminal.isInteractive) {
    throw new PaddockError(
      "USAGE_INVALID",
      "Cannot ask whether the data may be erased: this is no terminal.",
      {
        hint: "Say so with --yes.",
      },
    );
  }
  const message = `Erase what ${visible(plugin)} keeps for ${visible(tenant)}? It cannot be brought back.`;
  if ((await confirm({ message, initialValue: false })) === true) return;
  throw new PaddockError("CANCELLED", "Nothing was erased.");
}

function formatListing(listing: DataListing, { colors, width }: Stream): string {
  const rows = listing.files.map((file): readonly Cell[] => [
    { text: file.modifiedAt.slice(0, 16).replace("T", " "), paint: colors.dim },
    file.kind === "file"
      ? formatSize(file.bytes).padStart(8)
      : { text: file.kind.padStart(8), paint: colors.dim },
    visible(file.path).replaceAll("\n", "\\u{a}"),
  ]);
  const more = listing.isComplete ? "" : `  … and ${listing.fileCount - listing.files.length} more\n`;
  const total = `${listing.fileCount} entries, ${formatSize(listing.fileBytes)}; ${listing.keyCount === 1 ? "1 key" : `${listing.keyCount} keys`}\n`;
  return `${formatTable(rows, width, 0)}${more}${colors.bold(total)}`;
}
