/** Sizes, durations and rates as people write them; inside they are numbers with the unit in their name. */

const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
};

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const RATE_UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

export const SIZE_PATTERN = /^(\d{1,15}(?:\.\d{1,3})?)\s?(B|KB|MB|GB)$/;
export const DURATION_PATTERN = /^(\d{1,12}(?:\.\d{1,3})?)\s?(ms|s|m|h|d)$/;
export const RATE_PATTERN = /^(\d{1,12})\/(s|m|h)$/;

/** Bytes for "64KB", "1.5 MB"; binary units (1 KB = 1,024 bytes). `undefined` when it is not a size. */
export function parseSize(text: string): number | undefined {
  return scale(SIZE_PATTERN, SIZE_UNITS, text);
}

/** Milliseconds for "300ms", "5s", "1.5h". `undefined` when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  return scale(DURATION_PATTERN, DURATION_UNITS, text);
}

/** Events per second for "50/s", "600/m". `undefined` when it is not a rate. */
export function parseRate(text: string): number | undefined {
  const match = RATE_PATTERN.exec(text);
  const unit = RATE_UNITS[match?.[2] ?? ""];
  return match === null || unit === undefined ? undefined : Number(match[1]) / unit;
}

/** So many in such a time: "600/m" lets 600 come at once, where "10/s" lets ten. */
export interface Rate {
  readonly count: number;
  readonly windowMs: number;
}

/** The count and the time of a rate that `parseRate` can read. */
export function parseRateWindow(text: string): Rate | undefined {
  const perSecond = parseRate(text);
  if (perSecond === undefined) return undefined;
  const count = Number.parseInt(text, 10);
  return { count, windowMs: (count / perSecond) * 1000 };
}

/** "64 MB" for 67108864: the largest unit that leaves at most one decimal of rounding. */
export function formatSize(bytes: number): string {
  return format(bytes, Object.entries(SIZE_UNITS), 1024);
}

/** "5 s" for 5000. */
export function formatDuration(ms: number): string {
  return format(ms, Object.entries(DURATION_UNITS), 1);
}

function scale(pattern: RegExp, units: Readonly<Record<string, number>>, text: string): number | undefined {
  const match = pattern.exec(text);
  const unit = units[match?.[2] ?? ""];
  if (match === null || unit === undefined) return undefined;
  const value = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(value) ? value : undefined;
}

function format(value: number, units: readonly (readonly [string, number])[], smallest: number): string {
  let best: readonly [string, number] = units[0] ?? ["", 1];
  for (const unit of units) if (value >= unit[1] && unit[1] >= smallest / 1024) best = unit;
  const scaled = value / best[1];
  return `${Number.isInteger(scaled) ? scaled : scaled.toFixed(1)} ${best[0]}`;
}
