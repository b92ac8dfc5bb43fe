import { escapeText } from "@paddock/contract";
import type { GuestLog } from "@paddock/host";
import type { Stream } from "./terminal.js";

/** One line of a plugin's log: whose, how urgent or from which stream, what. */
export function formatLog(
  { plugin, level, source, message, fields, dropped }: GuestLog,
  { colors }: Stream,
): string {
  const kind = source === "log" ? level : source;
  const paint = level === "error" ? colors.red : level === "warn" ? colors.yellow : colors.dim;
  const pairs = Object.entries(fields).map(
    ([name, value]) => ` ${colors.dim(`${escapeText(name)}=`)}${oneLine(value)}`,
  );
  const lost =
    dropped === 0 ? "" : `${colors.dim(`${plugin} `)}${colors.yellow(`${dropped} lines dropped`)}\n`;
  return `${lost}${colors.dim(`${plugin} `)}${paint(kind.padEnd(6))} ${oneLine(message)}${pairs.join("")}\n`;
}

function oneLine(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "null");
  return escapeText(text);
}
