import { z } from "zod";
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseRate,
  parseSize,
  RATE_PATTERN,
  SIZE_PATTERN,
} from "../human-units.js";
import { LIMITS, type LimitName, type LimitRow, type Limits, type PresetName } from "../limits.js";
import { count, measured } from "./fields.js";

/** The name of each limit inside, where the unit is part of the name. */
export const LIMIT_FIELDS = {
  memory: "memoryBytes",
  cpu: "cpuCores",
  cpuTime: "cpuTimeMs",
  timeout: "timeoutMs",
  startTimeout: "startTimeoutMs",
  disk: "diskBytes",
  scratch: "scratchBytes",
  inodes: "inodes",
  processes: "processes",
  threads: "threads",
  files: "files",
  message: "messageBytes",
  payload: "payloadBytes",
  result: "resultBytes",
  logRate: "logLinesPerSecond",
  concurrency: "concurrency",
} as const satisfies Record<LimitName, keyof Limits>;

/** Every limit's name, in the order of the table. */
export const LIMIT_NAMES: readonly LimitName[] = Object.keys(LIMIT_FIELDS).filter(
  (name): name is LimitName => name in LIMITS,
);

/** One limit as people write it → its number. */
export function limitField(name: LimitName) {
  const { unit, max }: LimitRow = LIMITS[name];
  if (unit === "size") return measure(parseSize, SIZE_PATTERN, max, "64MB", "a size");
  if (unit === "duration") return measure(parseDuration, DURATION_PATTERN, max, "5s", "a duration");
  if (unit === "rate") return measure(parseRate, RATE_PATTERN, max, "100/s", "a rate");
  return name === "cpu" ? fraction(Number(max)) : count(1, Number(max));
}

/** Some limits as people write them → the fields of `Limits` that they set. */
export function someLimits() {
  const shape = Object.fromEntries(
    LIMIT_NAMES.map((name) => [name, limitField(name).meta({ description: LIMITS[name].about }).optional()]),
  );
  return z.strictObject(shape).transform((written): Partial<Limits> => {
    const fields = LIMIT_NAMES.filter((name) => written[name] !== undefined);
    return Object.fromEntries(fields.map((name) => [LIMIT_FIELDS[name], written[name]]));
  });
}

/** All limits of a preset, as numbers. */
export function presetLimits(preset: PresetName): Limits {
  const column = preset === "high-security" ? "highSecurity" : preset;
  const value = (name: LimitName) => limitField(name).parse(LIMITS[name][column]);
  return {
    memoryBytes: value("memory"),
    cpuCores: value("cpu"),
    cpuTimeMs: value("cpuTime"),
    timeoutMs: value("timeout"),
    startTimeoutMs: value("startTimeout"),
    diskBytes: value("disk"),
    scratchBytes: value("scratch"),
    inodes: value("inodes"),
    processes: value("processes"),
    threads: value("threads"),
    files: value("files"),
    messageBytes: value("message"),
    payloadBytes: value("payload"),
    resultBytes: value("result"),
    logLinesPerSecond: value("logRate"),
    concurrency: value("concurrency"),
  };
}

/** A limit's number as people write it. */
export function formatLimit(name: LimitName, value: number): string {
  const { unit } = LIMITS[name];
  if (unit === "size") return formatSize(value);
  if (unit === "duration") return formatDuration(value);
  return unit === "rate" ? `${value}/s` : String(value);
}

function measure(
  parse: (text: string) => number | undefined,
  pattern: RegExp,
  max: string | number,
  example: string,
  word: string,
) {
  return measured(parse, pattern, { max: String(max), example, word });
}

function fraction(max: number) {
  const error = `a number above 0 and at most ${max}`;
  return z.number({ error }).positive({ error }).max(max, { error });
}
