import { ERRORS, type ErrorCode } from "@paddock/contract";
import type { CallRecord } from "./call-record.js";
import { Histogram } from "./histogram.js";
import type { LifecycleEvent } from "./lifecycle-event.js";
import { METRICS, type MetricName } from "./metric-table.js";
import type { MetricFamily, MetricSample, MetricsSnapshot } from "./metrics-snapshot.js";
import { type PluginGauges, sampleGauges } from "./plugin-gauges.js";
import { Series } from "./series.js";

/** What was decided about a request of a guest, as far as it is counted. */
export interface RequestDecision {
  readonly plugin: { readonly id: string };
  readonly capability: string | undefined;
  readonly outcome:
    | { readonly kind: "allowed" }
    | { readonly kind: "denied" | "failed"; readonly code: ErrorCode };
}

type Counted = Exclude<MetricName, "paddock_call_duration_seconds" | "paddock_guest_start_duration_seconds">;

/** Counts what happens. Adding costs a few look-ups; everything else is done by who reads. */
export class Metrics {
  readonly #startedAt = Date.now();
  readonly #counters = new Map<MetricName, Series<{ value: number }>>();
  readonly #durations = new Series(() => new Histogram());
  readonly #startDurations = new Series(() => new Histogram());

  countCall({ plugin, action = "none", code, durationMs, attempts }: CallRecord): void {
    this.#count("paddock_calls_total", plugin, action, code ?? "ok", faultOf(code));
    this.#durations.of(plugin, action).add(durationMs / 1_000);
    if (attempts > 1) this.#add("paddock_call_retries_total", attempts - 1, plugin);
  }

  countDecision({ plugin, capability = "none", outcome }: RequestDecision): void {
    if (outcome.kind === "denied") this.#count("paddock_denials_total", plugin.id, capability, outcome.code);
  }

  countEvent(event: LifecycleEvent): void {
    const { plugin } = event;
    switch (event.kind) {
      case "guest-started":
        this.#count("paddock_guest_starts_total", plugin, "ok", "none");
        this.#startDurations.of(plugin).add(event.startMs / 1_000);
        return;
      case "guest-start-failed":
        this.#count("paddock_guest_starts_total", plugin, event.failure.code, event.failure.fault);
        return;
      case "guest-ended":
        this.#count(
          "paddock_guest_ends_total",
          plugin,
          event.failure?.code ?? "ok",
          event.failure?.fault ?? "none",
        );
        return;
      case "health-check-failed":
        this.#count("paddock_health_failures_total", plugin);
        return;
      case "quarantined":
        this.#count("paddock_quarantines_total", plugin);
        return;
      case "reloaded":
        this.#count("paddock_reloads_total", plugin, "ok", "none");
        return;
      case "reload-refused":
        this.#count("paddock_reloads_total", plugin, event.failure.code, event.failure.fault);
        return;
      case "events-dropped":
        this.#add("paddock_events_dropped_total", event.count, plugin);
        return;
      case "event-failed":
        this.#add("paddock_event_failures_total", event.count, plugin);
        return;
      default:
      // States, readiness and usage are gauges: read when somebody looks.
    }
  }

  read(plugins: readonly PluginGauges[]): MetricsSnapshot {
    const samples = new Map<MetricName, MetricSample[]>();
    const put = (name: MetricName, sample: MetricSample) => {
      const others = samples.get(name);
      if (others === undefined) samples.set(name, [sample]);
      else others.push(sample);
    };
    for (const [name, series] of this.#counters) {
      for (const [values, { value }] of series.entries()) put(name, { labels: label(name, values), value });
    }
    for (const [name, series] of [
      ["paddock_call_duration_seconds", this.#durations],
      ["paddock_guest_start_duration_seconds", this.#startDurations],
    ] as const) {
      for (const [values, histogram] of series.entries()) {
        put(name, { labels: label(name, values), value: histogram.read() });
      }
    }
    for (const gauges of plugins) for (const [name, sample] of sampleGauges(gauges)) put(name, sample);
    put("paddock_host_start_time_seconds", { labels: {}, value: this.#startedAt / 1_000 });
    put("paddock_host_memory_bytes", { labels: {}, value: process.memoryUsage.rss() });
    return { at: Date.now(), families: families(samples) };
  }

  #count(name: Counted, ...values: readonly string[]): void {
    this.#add(name, 1, ...values);
  }

  #add(name: Counted, by: number, ...values: readonly string[]): void {
    const series = this.#counters.get(name) ?? new Series(() => ({ value: 0 }));
    this.#counters.set(name, series);
    series.of(...values).value += by;
  }
}

function faultOf(code: ErrorCode | undefined): string {
  return code === undefined ? "none" : ERRORS[code].fault;
}

function label(name: MetricName, values: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(METRICS[name].labels.map((key, at) => [key, values[at] ?? ""]));
}

/** In the order of the table, so that two snapshots are alike. */
function families(samples: ReadonlyMap<MetricName, readonly MetricSample[]>): readonly MetricFamily[] {
  // Safe: the table's own keys.
  const names = Object.keys(METRICS) as readonly MetricName[];
  return names.flatMap((name) => {
    const own = samples.get(name);
    return own === undefined ? [] : [{ name, samples: own }];
  });
}
