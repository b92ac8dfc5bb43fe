import type { CallRecord } from "./call-record.js";
import type { LifecycleEvent } from "./lifecycle-event.js";
import { DURATION_BOUNDS, METRICS, type MetricName } from "./metric-table.js";
import type { MetricsSnapshot } from "./metrics-snapshot.js";
import type { Meter, Observable, ObservableCallback } from "./telemetry-port.js";

/** Every instrument asks for itself, all within a moment: they share a snapshot of this age. */
const SNAPSHOT_MS = 50;

/** The same metrics through a meter: counters and gauges when it asks, durations as they come. */
export class Meters {
  readonly #callSeconds: ReturnType<Meter["createHistogram"]>;
  readonly #startSeconds: ReturnType<Meter["createHistogram"]>;
  readonly #observed: (readonly [Observable, ObservableCallback])[] = [];

  constructor(meter: Meter, read: () => MetricsSnapshot) {
    const histogram = (name: MetricName) =>
      meter.createHistogram(nameOf(name), {
        description: METRICS[name].help,
        unit: "s",
        advice: { explicitBucketBoundaries: [...DURATION_BOUNDS] },
      });
    this.#callSeconds = histogram("paddock_call_duration_seconds");
    this.#startSeconds = histogram("paddock_guest_start_duration_seconds");
    const recent = shareRecent(read);
    // Safe: the table's own keys.
    for (const name of Object.keys(METRICS) as readonly MetricName[]) {
      const { kind, help } = METRICS[name];
      if (kind === "histogram") continue;
      const options = { description: help, unit: unitOf(name) };
      const instrument =
        kind === "counter"
          ? meter.createObservableCounter(nameOf(name), options)
          : meter.createObservableGauge(nameOf(name), options);
      const callback: ObservableCallback = (result) => {
        const family = recent().families.find((one) => one.name === name);
        for (const { labels, value } of family?.samples ?? []) {
          if (typeof value === "number") result.observe(value, { ...labels });
        }
      };
      instrument.addCallback(callback);
      this.#observed.push([instrument, callback]);
    }
  }

  recordCall({ plugin, action = "none", durationMs }: CallRecord): void {
    this.#callSeconds.record(durationMs / 1_000, { plugin, action });
  }

  recordEvent(event: LifecycleEvent): void {
    if (event.kind === "guest-started") {
      this.#startSeconds.record(event.startMs / 1_000, { plugin: event.plugin });
    }
  }

  /** The meter outlives the host; it must not ask a closed one. May be called twice. */
  close(): void {
    for (const [instrument, callback] of this.#observed.splice(0)) instrument.removeCallback(callback);
  }
}

function shareRecent(read: () => MetricsSnapshot): () => MetricsSnapshot {
  let snapshot: MetricsSnapshot | undefined;
  let readAt = 0;
  return () => {
    const now = performance.now();
    if (snapshot === undefined || now - readAt > SNAPSHOT_MS) {
      snapshot = read();
      readAt = now;
    }
    return snapshot;
  };
}

/** paddock_calls_total → paddock.calls: exporters put unit and "_total" back. */
function nameOf(name: MetricName): string {
  return name.replace("paddock_", "paddock.").replace(/_(?:total|seconds|bytes|ratio)$|_seconds_total$/, "");
}

function unitOf(name: MetricName): string {
  if (name.endsWith("_seconds")) return "s";
  return name.endsWith("_bytes") ? "By" : "1";
}
