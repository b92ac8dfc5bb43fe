import { type Limits, type PaddockConfig, PaddockError, parseDuration, parseSize } from "@paddock/contract";
import { type ResolvedConfig, resolveConfig } from "../config/resolve-config.js";

/** What a program may use and reach; everything that is not named here is refused to it. */
export interface IsolateOptions {
  /** Files and folders of the host that it may read, each at the same path. */
  readonly read?: readonly string[];
  /** The same to write and read. */
  readonly write?: readonly string[];
  /** Memory of all its processes together: bytes, or "64MB". */
  readonly memory?: number | string;
  /** Processors it may keep busy; 0.5 is half of one. */
  readonly cpu?: number;
  /** Wall time, after which it is ended: "30s". */
  readonly timeout?: string;
  /** The same in milliseconds. */
  readonly timeoutMs?: number;
  /** Processes and threads together; DEFAULT_PIDS unless given, 1 for a program that starts no others. */
  readonly pids?: number;
  /** Variables on top of PATH, HOME and LANG. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it starts: the host's own folder when that is granted, else /tmp. */
  readonly cwd?: string;
  /** Written to its standard input, which then ends. */
  readonly stdin?: string | Uint8Array;
  /** Aborting ends the program, or its start. */
  readonly signal?: AbortSignal;
  readonly preset?: NonNullable<PaddockConfig["preset"]>;
  /** Where the host keeps its state. */
  readonly home?: string;
  /** Further limits, as in the configuration. */
  readonly limits?: NonNullable<PaddockConfig["limits"]>;
}

/** Enough for a shell and what it starts, too few for a fork bomb to hurt. */
export const DEFAULT_PIDS = 32;

/** The options with their defaults. */
export interface ExecSettings {
  readonly config: ResolvedConfig;
  readonly limits: Limits;
}

/** Throws USAGE_INVALID or CONFIG_INVALID naming what is wrong. */
export function readSettings(options: IsolateOptions): ExecSettings {
  const { memory, cpu, pids = DEFAULT_PIDS, preset, home } = options;
  const timeoutMs = options.timeoutMs ?? durationOf(options.timeout);
  const limits = {
    ...options.limits,
    processes: pids,
    ...(memory === undefined ? {} : { memory: `${bytesOf(memory)}B` }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(timeoutMs === undefined ? {} : { timeout: `${timeoutMs}ms` }),
  };
  const given = {
    ...(preset === undefined ? {} : { preset }),
    ...(home === undefined ? {} : { home }),
    limits,
  };
  const config = resolveConfig(given, "the options of isolate()");
  const all: Limits = { ...config.presetLimits, ...config.ownLimits };
  return {
    config,
    limits: {
      ...all,
      // As many as were asked for, threads included; alone, only threads are left to count.
      threads: all.processes > 1 ? 0 : all.threads,
      // Its time is limited by the clock; that it may use that time is what its share of the processors says.
      cpuTimeMs:
        config.ownLimits.cpuTimeMs ?? Math.max(all.cpuTimeMs, Math.ceil(all.timeoutMs * all.cpuCores)),
    },
  };
}

function bytesOf(memory: number | string): number {
  const bytes = typeof memory === "number" ? memory : parseSize(memory);
  if (bytes === undefined || !Number.isSafeInteger(bytes) || bytes <= 0)
    throw invalid("memory", memory, "a size such as 64MB, or bytes");
  return bytes;
}

function durationOf(timeout: string | undefined): number | undefined {
  if (timeout === undefined) return undefined;
  const ms = parseDuration(timeout);
  if (ms === undefined || ms <= 0) throw invalid("timeout", timeout, "a duration such as 500ms, 30s or 5m");
  return ms;
}

function invalid(name: string, value: unknown, expected: string): PaddockError {
  return new PaddockError(
    "USAGE_INVALID",
    `Cannot use ${JSON.stringify(value)} as ${name}: it is not ${expected}.`,
    {
      hint: `Give ${expected}.`,
    },
  );
}
