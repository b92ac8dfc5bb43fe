import { DURATION_BOUNDS, METRICS } from "./metric-table.js";
import type { MetricSample, MetricsSnapshot } from "./metrics-snapshot.js";

/** The media type of what `formatPrometheus` writes. */
export const PROMETHEUS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The snapshot in Prometheus' text format, version 0.0.4. */
export function formatPrometheus({ families }: MetricsSnapshot): string {
  const lines: string[] = [];
  for (const { name, samples } of families) {
    const { kind, help } = METRICS[name];
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${kind}`);
    for (const sample of samples) lines.push(...formatSample(name, sample));
  }
  return `${lines.join("\n")}\n`;
}

function formatSample(name: string, { labels, value }: MetricSample): readonly string[] {
  if (typeof value === "number") return [`${name}${formatLabels(labels)} ${formatNumber(value)}`];
  const buckets = value.cumulative.map((count, at) => {
    const bound = DURATION_BOUNDS[at];
    const le = bound === undefined ? "+Inf" : String(bound);
    return `${name}_bucket${formatLabels({ ...labels, le })} ${count}`;
  });
  return [
    ...buckets,
    `${name}_sum${formatLabels(labels)} ${formatNumber(value.sum)}`,
    `${name}_count${formatLabels(labels)} ${value.count}`,
  ];
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeValue(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeValue(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
