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
    fields: typeof fields === "object" && fields !== null && !Array.isArray(fields) ? fields : {},
    dropped,
  };
}
