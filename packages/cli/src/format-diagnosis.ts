import { LIMIT_NAMES } from "@paddock/contract";
import type { Enforcement, Privilege } from "@paddock/host";
import type { AttackResult } from "./attacks/attack.js";
import type { Diagnosis } from "./commands/doctor.js";
import { type Cell, formatTable } from "./format-table.js";
import { type Stream, visible } from "./terminal.js";

/** The whole diagnosis for people. */
export function formatDiagnosis(diagnosis: Diagnosis, stream: Stream): string {
  const { colors, width } = stream;
  const section = (title: string, rows: readonly (readonly Cell[])[]) =>
    `${colors.bold(title)}\n${formatTable(rows, width)}\n`;
  const { machine, preset, attacks } = diagnosis;
  const weaker = adviceRows(diagnosis);
  return [
    section("This machine", [
      ["system", `${machine.system}, as ${machine.user}`],
      ["bubblewrap", machine.bubblewrap],
      ["preset", preset],
    ]),
    section("Walls", mechanismRows(diagnosis, stream)),
    weaker.length === 0 ? "" : section("Not required here, and would hold more", weaker),
    section("Who holds the limits here", limitRows(diagnosis, stream)),
    section("Where that depends on rights", privilegeRows(diagnosis, stream)),
    attacks === undefined
      ? ""
      : section("Attacks, with the guards inside the language off", attackRows(attacks, stream)),
    verdict(diagnosis, stream),
  ].join("");
}

function mechanismRows({ mechanisms }: Diagnosis, { colors }: Stream): readonly (readonly Cell[])[] {
  return mechanisms.map(({ name, present, required, found }) => {
    const mark = present
      ? { text: "✓", paint: colors.green }
      : required
        ? { text: "✗", paint: colors.red }
        : { text: "–", paint: colors.yellow };
    return [mark, name, { text: visible(found), paint: colors.dim }];
  });
}

/** What to do about what is missing but not required; the rest is the error's hint. Equal advice stands once. */
function adviceRows({ mechanisms }: Diagnosis): readonly (readonly Cell[])[] {
  const byFix = Map.groupBy(
    mechanisms.filter(({ required, present }) => !required && !present),
    ({ fix }) => fix ?? "",
  );
  return [...byFix].map(([fix, all]) => [all.map(({ name }) => name).join(", "), visible(fix)]);
}

function limitRows({ limits }: Diagnosis, { colors }: Stream): readonly (readonly Cell[])[] {
  return limits.map(({ limit, by, how }) => [limit, enforcer(by, colors), { text: how, paint: colors.dim }]);
}

/** Only the limits that somebody else would see held by another. */
function privilegeRows({ privileges }: Diagnosis, { colors }: Stream): readonly (readonly Cell[])[] {
  // Safe: the table has exactly these keys.
  const who = Object.keys(privileges) as Privilege[];
  const rows = LIMIT_NAMES.map((limit) => ({
    limit,
    held: who.map((one) => privileges[one].find((row) => row.limit === limit)),
  }));
  const differing = rows.filter(({ held }) => new Set(held.map((row) => row?.by)).size > 1);
  return [
    ["", ...who.map((text) => ({ text, paint: colors.dim }))],
    ...differing.map(({ limit, held }) => [limit, ...held.map((row) => word(row, colors))]),
  ];
}

function word(row: Enforcement | undefined, colors: Stream["colors"]): Cell {
  return row === undefined ? "" : enforcer(row.by, colors);
}

function enforcer(by: Enforcement["by"], colors: Stream["colors"]): Cell {
  const paint = { kernel: colors.green, host: colors.green, sampling: colors.yellow }[by];
  return { text: by, paint };
}

function attackRows(attacks: readonly AttackResult[], { colors }: Stream): readonly (readonly Cell[])[] {
  return attacks.map(({ attack, isRefused, by, elapsedMs }) => [
    isRefused ? { text: "✓", paint: colors.green } : { text: "✗", paint: colors.red },
    attack,
    { text: `${elapsedMs} ms`.padStart(7), paint: colors.dim },
    isRefused ? visible(by) : { text: `SUCCEEDED: ${visible(by)}`, paint: colors.red },
  ]);
}

function verdict({ preset, mechanisms, attacks }: Diagnosis, { colors }: Stream): string {
  if (mechanisms.some(({ required, present }) => required && !present)) return "";
  const isHeld = attacks?.every(({ isRefused }) => isRefused) ?? true;
  if (!isHeld) return "";
  const refused = attacks === undefined ? "" : ` All ${attacks.length} attacks were refused.`;
  return `${colors.green("✓")} Everything that the preset "${preset}" requires is here.${refused}\n`;
}
