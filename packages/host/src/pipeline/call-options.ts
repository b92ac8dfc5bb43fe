import { isProxy } from "node:util/types";
import { isPaddockError, nearestName, PaddockError, quote } from "@paddock/contract";
import { type InputFileSource, type InputFiles, readInputFiles } from "../streams/input-files.js";
import { describeThrown } from "./describe-thrown.js";
import type { Fallback } from "./fallback.js";
import type { Progress } from "./pipeline.js";
import type { CallTrace } from "./trace.js";
import { isTraceparent } from "./traceparent.js";

/** How an application makes a call. */
export interface CallOptions {
  /** Whose data the call is about; "main" when not given. Tenants never share a guest or a file. */
  readonly tenant?: string | undefined;
  /** Who asked, for the record: a user's id, say. */
  readonly caller?: string | undefined;
  /** How long the caller will wait, milliseconds: starting a guest, waiting for one and trying again included. */
  readonly timeoutMs?: number | undefined;
  /** Aborting it rejects the call with CANCELLED and tells the plugin. */
  readonly signal?: AbortSignal | undefined;
  /** W3C trace context to go on with; a new trace begins without one. */
  readonly traceparent?: string | undefined;
  /** Files for the plugin, by name: paths of ordinary files, or what is in them. It sees copies. */
  readonly files?: Readonly<Record<string, InputFileSource>> | undefined;
  /**
   * The answer when the plugin fails or cannot be asked: a value, or a function that makes it from the error. What
   * the caller did wrong and what is denied stays an error.
   */
  readonly fallback?: unknown;
  /** Hears how far the plugin says that it is. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Hears once, when the call is over, where its time went. */
  readonly onTrace?: ((trace: CallTrace) => void) | undefined;
}

export interface ReadCallOptions {
  readonly tenant: string;
  readonly caller: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly traceparent: string | undefined;
  readonly files: InputFiles | undefined;
  readonly fallback: Fallback | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly onTrace: ((trace: CallTrace) => void) | undefined;
}

/** Tenants become names of directories and keys of stores, so they are plain. */
const TENANT = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/;
const CALLER = /^[^\p{Cc}\p{Cf}]{1,200}$/u;
const MAX_TIMEOUT_MS = 24 * 3_600_000;

const DEFAULTS: ReadCallOptions = {
  tenant: "main",
  caller: undefined,
  timeoutMs: undefined,
  signal: undefined,
  traceparent: undefined,
  files: undefined,
  fallback: undefined,
  onProgress: undefined,
  onTrace: undefined,
};

/**
 * Reads every option once. Throws USAGE_INVALID for what is not an option's value or cannot be read, CANCELLED for a
 * signal that has aborted.
 */
export function readCallOptions(options: CallOptions | undefined): ReadCallOptions {
  if (options === undefined) return DEFAULTS;
  if (typeof options !== "object" || options === null) throw wrong("options", options, "an object");
  const given = readOnce(options);
  const {
    tenant = "main",
    caller,
    timeoutMs,
    signal,
    traceparent,
    fallback,
    files,
    onProgress,
    onTrace,
  } = given;
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
  if (!isListener<Progress>(onProgress)) throw wrong("onProgress", onProgress, "a function");
  if (!isListener<CallTrace>(onTrace)) throw wrong("onTrace", onTrace, "a function");
  if (signal !== undefined && !isPlainSignal(signal)) throw wrong("signal", signal, "an AbortSignal");
  if (signal?.aborted)
    throw new PaddockError("CANCELLED", "The call was cancelled before it began.", { cause: signal.reason });
  return {
    tenant,
    caller,
    timeoutMs,
    signal,
    traceparent,
    files: files === undefined ? undefined : readInputFiles(files),
    fallback: toFallback(fallback),
    onProgress,
    onTrace,
  };
}

const NAMES: ReadonlySet<string> = new Set(Object.keys(DEFAULTS));

/** A slip in "tenant" must not make the call one of the tenant "main". */
function unknownOption(name: string): PaddockError {
  const nearest = nearestName(name, [...NAMES]);
  return new PaddockError("USAGE_INVALID", `There is no option ${quote(name)}.`, {
    hint: nearest === undefined ? `There are: ${[...NAMES].join(", ")}.` : `Did you mean "${nearest}"?`,
  });
}

/** A getter may throw, and may answer differently each time. */
function readOnce(options: object): Readonly<Record<keyof CallOptions, unknown>> {
  try {
    // Safe: nothing is believed about the values.
    for (const name of Object.keys(options)) if (!NAMES.has(name)) throw unknownOption(name);
    const { tenant, caller, timeoutMs, signal, traceparent, files, fallback, onProgress, onTrace } =
      options as Readonly<Record<keyof CallOptions, unknown>>;
    return { tenant, caller, timeoutMs, signal, traceparent, files, fallback, onProgress, onTrace };
  } catch (cause) {
    if (isPaddockError(cause)) throw cause;
    throw new PaddockError("USAGE_INVALID", `The options cannot be read: ${describeThrown(cause)}.`, {
      cause,
    });
  }
}

/** What a function takes cannot be checked; what it is called with is documented. */
function isListener<T>(value: unknown): value is ((told: T) => void) | undefined {
  return value === undefined || typeof value === "function";
}

/** A signal without members of its own: one that throws when it is listened to would stop us half way. */
function isPlainSignal(value: unknown): value is AbortSignal {
  return (
    !isProxy(value) &&
    value instanceof AbortSignal &&
    Object.getPrototypeOf(value) === AbortSignal.prototype &&
    !SIGNAL_MEMBERS.some((name) => Object.hasOwn(value, name)) &&
    isRealSignal(value)
  );
}

const SIGNAL_MEMBERS = ["aborted", "reason", "addEventListener", "removeEventListener"];

/** Anything can have that prototype; only a real one can be asked. */
function isRealSignal(signal: AbortSignal): boolean {
  try {
    return typeof signal.aborted === "boolean";
  } catch {
    return false;
  }
}

function toFallback(given: unknown): Fallback | undefined {
  if (given === undefined) return undefined;
  // Safe: what it returns is unknown, and its argument is documented.
  if (typeof given === "function")
    return { kind: "function", run: given as Extract<Fallback, { kind: "function" }>["run"] };
  return { kind: "value", value: given };
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
