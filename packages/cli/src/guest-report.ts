import { formatDuration, formatSize, type Limits } from "@paddock/contract";
import type { GuestReport, PluginInfo, Usage, Wall } from "@paddock/host";
import { type Cell, formatTable } from "./format-table.js";
import { type Stream, visible } from "./terminal.js";

/** What stood around a guest, and how much of its limits it used. */
export interface RunReport {
  readonly plugin: string;
  readonly version: string;
  readonly digest: string;
  readonly tenant: string;
  readonly pid: number | undefined;
  readonly walls: readonly Wall[];
  readonly usage: Usage | undefined;
  readonly limits: Limits;
}

export function toRunReport(info: PluginInfo, tenant: string, report: GuestReport | undefined): RunReport {
  return {
    plugin: info.id,
    version: info.version,
    digest: info.digest,
    tenant,
    pid: report?.pid,
    walls: report?.posture.walls ?? [],
    usage: report?.usage,
    limits: info.limits,
  };
}

export function formatReport(report: RunReport, stream: Stream): string {
  const { colors, width } = stream;
  const title = (text: string, rest: string) => `\n${colors.bold(text)} ${colors.dim(rest)}\n`;
  const walls = report.walls.map(({ name, found }): readonly Cell[] => [
    found === "none" ? { text: "–", paint: colors.yellow } : { text: "✓", paint: colors.green },
    name,
    { text: visible(found), paint: colors.dim },
  ]);
  return [
    title("Walls", `around ${report.plugin} ${report.version}, read back from the kernel`),
    formatTable(walls, width),
    title("Limits", `tenant ${report.tenant}`),
    formatTable(usageRows(report, stream), width),
  ].join("");
}

function usageRows({ usage, limits }: RunReport, { colors }: Stream): readonly (readonly Cell[])[] {
  const dim = (text: string): Cell => ({ text, paint: colors.dim });
  const row = (name: string, used: number | undefined, most: number, format: (value: number) => string) => [
    name,
    used === undefined ? dim("unknown") : format(used),
    dim(`of ${format(most)}${used === undefined || most === 0 ? "" : `, ${percent(used / most)}`}`),
  ];
  // The interpreter's own threads and files come before the limit begins to count.
  const beyond = (name: string, used: number | undefined, most: number) => [
    name,
    used === undefined ? dim("unknown") : String(used),
    dim(`at most ${most} more than the interpreter's own`),
  ];
  return [
    row("memory", usage?.memoryPeakBytes ?? usage?.memoryBytes, limits.memoryBytes, formatSize),
    row(
      "cpu time",
      usage?.cpuMs === undefined ? undefined : Math.round(usage.cpuMs),
      limits.cpuTimeMs,
      formatDuration,
    ),
    row("data", usage?.dataBytes, limits.diskBytes, formatSize),
    row("scratch", usage?.scratchBytes, limits.scratchBytes, formatSize),
    beyond("threads", usage?.threads, limits.threads),
    beyond("open files", usage?.files, limits.files),
  ];
}

function percent(part: number): string {
  const value = part * 100;
  return value > 0 && value < 1 ? "under 1 %" : `${Math.round(value)} %`;
}
