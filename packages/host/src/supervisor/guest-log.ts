import { escapeText, type LogLevel, type LogParams } from "@paddock/contract";

/** One line of a plugin's log, as the host's owner gets it. */
export interface GuestLog {
  readonly plugin: string;
  readonly tenant: string;
  readonly level: LogLevel;
  /** The guest's standard streams, or its `ctx.log`. */
  readonly source: "stdout" | "stderr" | "log";
  /** Hostile text, bounded, with control characters escaped. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Lines dropped before this one, because the guest logged faster than it may. */
  readonly dropped: number;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const MAX_MESSAGE_CHARACTERS = 8_000;

/** A log line that a guest sent on the wire, or `undefined` when it is not one. */
export function readLog(
  identity: { readonly plugin: { readonly manifest: { readonly id: string } }; readonly tenant: string },
  params: LogParams,
  dropped: number,
): GuestLog | undefined {
  if (typeof params !== "object" || params === null || typeof params.message !== "string") return undefined;
  const { fields } = params;
  return {
    plugin: identity.plugin.manifest.id,
    tenant: identity.tenant,
    level: LEVELS.includes(params.level) ? params.level : "info",
    source: "log",
    message: escapeText(params.message.slice(0, MAX_MESSAGE_CHARACTERS)),
    fields: isRecord(fields) ? escapeFields(fields) : {},
    dropped,
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names and texts of any depth, which the wire bounds: JSON itself leaves most characters that steer a terminal as they are. */
function escapeFields(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  // fromEntries makes own properties only: a guest may name one "__proto__".
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [escapeText(name), escapeValue(value)]),
  );
}

function escapeValue(value: unknown): unknown {
  if (typeof value === "string") return escapeText(value);
  if (Array.isArray(value)) return value.map(escapeValue);
  return isRecord(value) ? escapeFields(value) : value;
}
