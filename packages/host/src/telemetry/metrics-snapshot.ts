import type { MetricName } from "./metric-table.js";

/** All metrics at one moment, as plain data. */
export interface MetricsSnapshot {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly families: readonly MetricFamily[];
}

export interface MetricFamily {
  readonly name: MetricName;
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | HistogramValue;
}

export interface HistogramValue {
  /** How many lie at or below each of DURATION_BOUNDS, then how many there are. */
  readonly cumulative: readonly number[];
  readonly sum: number;
  readonly count: number;
}
