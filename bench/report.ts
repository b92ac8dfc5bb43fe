import type { Measured, Question } from "./question.ts";
import { median, percentile } from "./statistics.ts";

/** What `--json` prints. */
export interface Report {
  readonly question: string;
  readonly unit: string;
  readonly baseline: string;
  readonly rows: readonly Row[];
}

/** The numbers of one contender; without samples, as of one that is unavailable, they are null. */
export interface Row {
  readonly name: string;
  readonly samples: number;
  readonly median: number | null;
  /** What 99 of 100 samples reach: the slow end, which for a rate is the low one. */
  readonly p99: number | null;
  /** Median divided by the baseline's: of the report, or of the same direction where there are two. */
  readonly ratio: number | null;
}

export function makeReport(question: Question, measured: readonly Measured[]): Report {
  const { name, unit, baseline, better } = question;
  const medianOf = (wanted: string) => {
    const base = measured.find((one) => one.name === wanted);
    return base?.kind === "samples" ? median(base.samples) : Number.NaN;
  };
  const rows = measured.map((one): Row => {
    if (one.kind === "unavailable")
      return { name: one.name, samples: 0, median: null, p99: null, ratio: null };
    const { samples } = one;
    return {
      name: one.name,
      samples: samples.length,
      median: round(median(samples)),
      p99: round(percentile(samples, better === "less" ? 0.99 : 0.01)),
      ratio: round(median(samples) / medianOf(one.baseline ?? baseline)),
    };
  });
  return { question: name, unit, baseline, rows };
}

/** Four significant digits: more would be noise. */
function round(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
}
