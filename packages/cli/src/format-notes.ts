import type { Manifest } from "@paddock/contract";
import type { PluginInfo } from "@paddock/host";
import { type Cell, formatTable } from "./format-table.js";
import type { PluginNotes } from "./plugin-notes.js";
import { type Stream, visible } from "./terminal.js";

interface Described {
  readonly manifest: Manifest;
  readonly info: PluginInfo | undefined;
  readonly notes: PluginNotes | undefined;
}

/** What a plugin is, asks for and will not get, for people. */
export function formatNotes({ manifest, info, notes }: Described, stream: Stream): string {
  const { colors, width } = stream;
  const facts: readonly (readonly Cell[])[] = [
    ["actions", Object.keys(manifest.actions).join(", ")],
    ...(info === undefined ? [] : [["digest", { text: info.digest, paint: colors.dim }]]),
  ];
  const remarks = notes?.remarks ?? [];
  return [
    "\n",
    formatTable(facts, width),
    formatRequests(notes, stream),
    ...remarks.map((remark) => `\n${colors.yellow("note:")} ${visible(remark)}`),
    remarks.length === 0 ? "" : "\n",
  ].join("");
}

function formatRequests(notes: PluginNotes | undefined, { colors, width }: Stream): string {
  const requests = notes?.requests ?? [];
  if (requests.length === 0) return "";
  const rows = requests.flatMap(
    ({ capability, sentence, reason, isGranted }): readonly (readonly Cell[])[] => [
      [
        isGranted ? { text: "✓", paint: colors.green } : { text: "–", paint: colors.yellow },
        capability,
        visible(sentence),
      ],
      ...(reason === undefined
        ? []
        : [["", "", { text: `its publisher says: “${visible(reason)}”`, paint: colors.dim }]]),
      ...(isGranted
        ? []
        : [
            [
              "",
              "",
              { text: "not granted: nobody can grant it yet, so it is refused", paint: colors.yellow },
            ],
          ]),
    ],
  );
  return `\n${colors.bold("This plugin can")}\n${formatTable(rows, width)}`;
}
