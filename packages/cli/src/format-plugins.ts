import { formatDuration } from "@paddock/contract";
import type { GuestStatus, PluginOverview } from "@paddock/host";
import { type Cell, formatTable } from "./format-table.js";
import { type Stream, visible } from "./terminal.js";

/** Columns that the rest of a line takes. */
const PS_REST = 50;
const GUESTS_REST = 76;
const TENANT_WIDTH = 12;
const MIN_WIDTH = 12;

/** Loaded plugins for people: one a line, and below those that need a look, why. */
export function formatPlugins(plugins: readonly PluginOverview[], stream: Stream): string {
  const { colors, width } = stream;
  if (plugins.length === 0) return "No plugin is loaded.\n";
  const heading = ["PLUGIN", "VERSION", "STATE", "GUESTS", "CALLS", "MEMORY", "CPU"];
  const rows = plugins.map((plugin): readonly Cell[] => [
    { text: shortenId(plugin.id, width - PS_REST), paint: colors.bold },
    plugin.version,
    stateCell(plugin, stream),
    String(plugin.guests.length),
    String(sum(plugin.guests, ({ calls }) => calls) + plugin.waiting),
    size(sum(plugin.guests, ({ sample }) => sample?.memoryBytes ?? 0)),
    `${sum(plugin.guests, ({ sample }) => sample?.cpuCores ?? 0).toFixed(2)}`,
  ]);
  return (
    formatTable([heading.map((text) => ({ text, paint: colors.dim })), ...rows], width, 0) +
    troubles(plugins, stream)
  );
}

/** One plugin with everything an operator may want to know. */
export function formatPlugin(plugin: PluginOverview, stream: Stream): string {
  const { colors, width } = stream;
  const rows: readonly (readonly Cell[])[] = [
    ["state", stateCell(plugin, stream)],
    ["title", visible(plugin.title)],
    ["folder", visible(plugin.folder)],
    ["digest", { text: plugin.digest, paint: colors.dim }],
    ["actions", plugin.actions.join(", ")],
    ["waiting", `${plugin.waiting} calls`],
    ["failures", `${plugin.failures} since it was loaded`],
  ];
  const title = `${colors.bold(plugin.id)} ${plugin.version}\n`;
  return `${title}${formatTable(rows, width)}${troubles([plugin], stream)}${formatGuests([plugin], stream)}`;
}

/** Guests, one a line: who uses what of which limit. */
export function formatGuests(plugins: readonly PluginOverview[], stream: Stream): string {
  const { colors, width } = stream;
  const guests = plugins.flatMap((plugin) => plugin.guests.map((guest) => ({ plugin, guest })));
  if (guests.length === 0) return "";
  const heading = ["PLUGIN", "TENANT", "PID", "STATE", "UP", "CALLS", "CPU", "MEMORY", "", "DATA", "FILES"];
  const rows = guests.map(({ plugin, guest }): readonly Cell[] => [
    shortenId(plugin.id, width - GUESTS_REST),
    guest.isStandby ? { text: "standby", paint: colors.dim } : shorten(guest.tenant, TENANT_WIDTH),
    String(guest.pid),
    guest.condition,
    formatDuration(Math.round(guest.upMs / 1_000) * 1_000),
    String(guest.calls),
    guest.sample?.cpuCores?.toFixed(2) ?? "?",
    size(guest.sample?.memoryBytes),
    share(guest.sample?.memoryBytes, plugin.limits.memoryBytes, stream),
    size(guest.sample?.diskBytes),
    String(guest.sample?.files ?? "?"),
  ]);
  return formatTable([heading.map((text) => ({ text, paint: colors.dim })), ...rows], width, 0);
}

function troubles(plugins: readonly PluginOverview[], { colors, width }: Stream): string {
  const rows = plugins.flatMap(({ id, failure, retryAfterMs }): readonly (readonly Cell[])[] => {
    if (failure === undefined) return [];
    const again =
      retryAfterMs === undefined ? "" : ` Tried again in ${formatDuration(Math.ceil(retryAfterMs))}.`;
    return [[{ text: `${id} ${failure.code}`, paint: colors.yellow }, `${visible(failure.message)}${again}`]];
  });
  return rows.length === 0 ? "" : `\n${formatTable(rows, width, 0)}`;
}

function stateCell({ state }: PluginOverview, { colors }: Stream): Cell {
  if (state === "ready") return { text: state, paint: colors.green };
  if (state === "quarantined" || state === "crashed") return { text: state, paint: colors.red };
  if (state === "backing-off" || state === "suspended") return { text: state, paint: colors.yellow };
  return { text: state, paint: colors.dim };
}

/** Above 80 % is worth a look, above 90 % more. */
function share(used: number | undefined, limit: number, { colors }: Stream): Cell {
  if (used === undefined) return "";
  const percent = Math.round((used / limit) * 100);
  const paint = percent >= 90 ? colors.red : percent >= 80 ? colors.yellow : colors.dim;
  return { text: `${percent} %`, paint };
}

/** Three digits are enough to compare. */
function size(bytes: number | undefined): string {
  if (bytes === undefined) return "?";
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toPrecision(value >= 10 ? 3 : 2)}${units[power]}`;
}

/** Without its publisher where it does not fit: plugins of one host mostly differ in their names. */
function shortenId(id: string, width: number): string {
  if (id.length <= Math.max(MIN_WIDTH, width)) return id;
  return shorten(id.slice(id.indexOf("/") + 1), width);
}

/** The middle is left out: names begin and end with what tells them apart. */
function shorten(text: string, width: number): string {
  const room = Math.max(MIN_WIDTH, width);
  if (text.length <= room) return text;
  const end = Math.ceil((room - 1) / 2);
  return `${text.slice(0, room - 1 - end)}…${text.slice(-end)}`;
}

function sum(guests: readonly GuestStatus[], of: (guest: GuestStatus) => number): number {
  return guests.reduce((total, guest) => total + of(guest), 0);
}
