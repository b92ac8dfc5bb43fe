/**
 * Every limit of a guest, in one table: what it bounds, how people write it, the most anybody may set,
 * and its value in each preset. The documents, the configuration schema and `doctor` are made from it.
 */
export const LIMITS = {
  memory: row("size", "Memory of the guest, its interpreter included.", {
    max: "64GB",
    development: "512MB",
    production: "128MB",
    highSecurity: "64MB",
  }),
  cpu: row("number", "Processors the guest may keep busy (0.5 is half of one).", {
    max: 64,
    development: 2,
    production: 0.5,
    highSecurity: 0.2,
  }),
  cpuTime: row(
    "duration",
    "Processor time of one guest; it is replaced between calls before it reaches it.",
    { max: "7d", development: "1h", production: "300s", highSecurity: "60s" },
  ),
  timeout: row("duration", "Wall time of one call; afterwards the guest is ended.", {
    max: "24h",
    development: "1h",
    production: "300s",
    highSecurity: "60s",
  }),
  startTimeout: row("duration", "Wall time from launch to ready.", {
    max: "10m",
    development: "30s",
    production: "10s",
    highSecurity: "10s",
  }),
  disk: row("size", "The plugin's own files in /data.", {
    max: "1024GB",
    development: "1GB",
    production: "100MB",
    highSecurity: "16MB",
  }),
  scratch: row("size", "Files in /tmp, erased with the guest.", {
    max: "64GB",
    development: "50MB",
    production: "50MB",
    highSecurity: "16MB",
  }),
  inodes: row("number", "Files and folders in /data, and as many in /tmp.", {
    max: 10_000_000,
    development: 100_000,
    production: 10_000,
    highSecurity: 1_000,
  }),
  processes: row("number", "Processes; 1 means that the guest can start none.", {
    max: 10_000,
    development: 1,
    production: 1,
    highSecurity: 1,
  }),
  threads: row("number", "Threads on top of those the interpreter needs for itself.", {
    max: 10_000,
    development: 64,
    production: 32,
    highSecurity: 8,
  }),
  files: row("number", "Open files on top of those the interpreter needs for itself.", {
    max: 1_000_000,
    development: 1_024,
    production: 256,
    highSecurity: 64,
  }),
  message: row("size", "One message from the guest.", {
    max: "1MB",
    development: "64KB",
    production: "64KB",
    highSecurity: "64KB",
  }),
  payload: row("size", "One payload to the guest.", {
    max: "16MB",
    development: "4MB",
    production: "4MB",
    highSecurity: "1MB",
  }),
  result: row("size", "One answer of the guest: JSON or bytes, gathered from a stream.", {
    max: "1GB",
    development: "64MB",
    production: "16MB",
    highSecurity: "4MB",
  }),
  logRate: row("rate", "Lines the guest may log; more are dropped and counted.", {
    max: "100000/s",
    development: "1000/s",
    production: "100/s",
    highSecurity: "20/s",
  }),
  concurrency: row("number", "Calls in flight in one guest.", {
    max: 100_000,
    development: 1_024,
    production: 256,
    highSecurity: 1,
  }),
} as const satisfies Record<string, LimitRow>;

export type LimitName = keyof typeof LIMITS;
export type PresetName = "development" | "production" | "high-security";
export type LimitUnit = "size" | "duration" | "rate" | "number";

export interface LimitRow {
  readonly unit: LimitUnit;
  readonly about: string;
  readonly max: string | number;
  readonly development: string | number;
  readonly production: string | number;
  readonly highSecurity: string | number;
}

/** Limits as the code uses them: bytes, milliseconds, events per second, counts. */
export interface Limits {
  readonly memoryBytes: number;
  readonly cpuCores: number;
  readonly cpuTimeMs: number;
  readonly timeoutMs: number;
  readonly startTimeoutMs: number;
  readonly diskBytes: number;
  readonly scratchBytes: number;
  readonly inodes: number;
  readonly processes: number;
  readonly threads: number;
  readonly files: number;
  readonly messageBytes: number;
  readonly payloadBytes: number;
  readonly resultBytes: number;
  readonly logLinesPerSecond: number;
  readonly concurrency: number;
}

function row(unit: LimitUnit, about: string, values: Omit<LimitRow, "unit" | "about">): LimitRow {
  return { unit, about, ...values };
}
