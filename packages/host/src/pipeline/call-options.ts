import { PaddockError } from "@paddock/contract";
import { isTraceparent } from "./traceparent.js";

/** How an application makes a call. */
export interface CallOptions {
  /** Whose data the call is about; "main" when not given. Tenants never share a guest or a file. */
  readonly tenant?: string | undefined;
  /** Who asked, for the record: a user's id, say. */
  readonly caller?: string | undefined;
  /** How long the caller will wait, milliseconds, starting the guest included. */
  readonly timeoutMs?: number | undefined;
  /** Aborting it rejects the call with CANCELLED and tells the plugin. */
  readonly signal?: AbortSignal | undefined;
  /** W3C trace context to go on with; a new trace begins without one. */
  readonly traceparent?: string | undefined;
}

export interface ReadCallOptions {
  readonly tenant: string;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly traceparent: string | undefined;
}

/** Tenants become names of directories and keys of stores, so they are plain. */
const TENANT = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/;
const CALLER = /^[^\p{Cc}\p{Cf}]{1,200}$/u;
const MAX_TIMEOUT_MS = 24 * 3_600_000;

const DEFAULTS: ReadCallOptions = {
  tenant: "main",
  timeoutMs: undefined,
  signal: undefined,
  traceparent: undefined,
};

/** Throws USAGE_INVALID for what is not an option's value, CANCELLED for a signal that has aborted. */
export function readCallOptions(options: CallOptions | undefined): ReadCallOptions {
  if (options === undefined) return DEFAULTS;
  if (typeof options !== "object" || options === null) throw wrong("options", options, "an object");
  const { tenant = "main", caller, timeoutMs, signal, traceparent } = options;
  if (typeof tenant !== "string" || !TENANT.test(tenant)) {
    throw wrong("tenant", tenant, "1 to 64 letters, digits and _ . @ -, the first a letter or digit");
  }
  if (caller !== undefined && (typeof caller !== "string" || !CALLER.test(caller))) {
    throw wrong("caller", caller, "a text of at most 200 characters without control characters");
  }
  if (
    timeoutMs !== undefined &&
    !(typeof timeoutMs === "number" && timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)
  ) {
    throw wrong("timeoutMs", timeoutMs, `a number above 0 and at most ${MAX_TIMEOUT_MS}`);
  }
  if (traceparent !== undefined && (typeof traceparent !== "string" || !isTraceparent(traceparent))) {
    throw wrong("traceparent", traceparent, "a W3C trace context, version 00");
  }
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw wrong("signal", signal, "an AbortSignal");
  if (signal?.aborted)
    throw new PaddockError("CANCELLED", "The call was cancelled before it began.", { cause: signal.reason });
  return { tenant, timeoutMs, signal, traceparent };
}

function wrong(name: string, found: unknown, expected: string): PaddockError {
  const text = typeof found === "string" ? JSON.stringify(found.slice(0, 80)) : describe(found);
  return new PaddockError("USAGE_INVALID", `The option "${name}" is ${text}; expected ${expected}.`);
}

/** Not String(): it fails for an object without a prototype, and calls what a stranger put there. */
function describe(found: unknown): string {
  if (typeof found === "object") return found === null ? "null" : "an object";
  return typeof found === "function" ? "a function" : String(found);
}
