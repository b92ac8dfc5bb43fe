import { describe, expect, test } from "vitest";
import type { CallRecord } from "./call-record.js";
import { formatPrometheus } from "./format-prometheus.js";
import type { LifecycleEvent } from "./lifecycle-event.js";
import { METRICS } from "./metric-table.js";
import { Metrics } from "./metrics.js";
import type { PluginGauges } from "./plugin-gauges.js";
import { MAX_LABEL_VALUES } from "./series.js";

const call: CallRecord = {
  plugin: "acme/a",
  version: "1.0.0",
  action: "go",
  tenant: "main",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  startedAt: 0,
  durationMs: 3,
  code: undefined,
  attempts: 1,
};

const head = { at: 1, plugin: "acme/a", version: "1.0.0" };
const guest = { tenant: "main", guest: 1, pid: 2 };
const failure = { code: "CRASHED", message: "x", fault: "plugin" } as const;

const gauges: PluginGauges = {
  plugin: "acme/a",
  state: "ready",
  guests: 2,
  notReady: 1,
  inFlight: 3,
  queued: 4,
  queueLimit: 1_024,
  memoryBytes: 5,
  usage: { memory: 0.5 },
};

describe("metrics", () => {
  test("count calls by what became of them and whose fault it was", () => {
    const metrics = new Metrics();
    metrics.countCall(call);
    metrics.countCall(call);
    metrics.countCall({ ...call, code: "CRASHED", attempts: 3 });
    metrics.countCall({ ...call, action: undefined, code: "ACTION_NOT_FOUND", attempts: 0 });
    const text = formatPrometheus(metrics.read([]));
    expect(text).toContain('paddock_calls_total{plugin="acme/a",action="go",outcome="ok",fault="none"} 2\n');
    expect(text).toContain('{plugin="acme/a",action="go",outcome="CRASHED",fault="plugin"} 1\n');
    expect(text).toContain('{plugin="acme/a",action="none",outcome="ACTION_NOT_FOUND",fault="caller"} 1\n');
    expect(text).toContain('paddock_call_retries_total{plugin="acme/a"} 2\n');
    expect(text).toContain(
      'paddock_call_duration_seconds_bucket{plugin="acme/a",action="go",le="0.0025"} 0\n',
    );
    expect(text).toContain(
      'paddock_call_duration_seconds_bucket{plugin="acme/a",action="go",le="0.005"} 3\n',
    );
    expect(text).toContain('paddock_call_duration_seconds_bucket{plugin="acme/a",action="go",le="+Inf"} 3\n');
    expect(text).toContain('paddock_call_duration_seconds_count{plugin="acme/a",action="go"} 3\n');
  });

  test("count what happens to guests", () => {
    const metrics = new Metrics();
    const events: readonly LifecycleEvent[] = [
      { ...head, ...guest, kind: "guest-started", startMs: 40, isStandby: false },
      { ...head, kind: "guest-start-failed", tenant: "main", failure: { ...failure, code: "START_FAILED" } },
      { ...head, ...guest, kind: "guest-ended", livedMs: 5, failure },
      { ...head, ...guest, kind: "guest-ended", livedMs: 5 },
      { ...head, ...guest, kind: "health-check-failed", failures: 1 },
      { ...head, kind: "quarantined", failure },
      { ...head, kind: "reloaded", fromVersion: "0.9.0" },
      { ...head, kind: "reload-refused", refusedVersion: "1.1.0", failure },
      { ...head, kind: "events-dropped", tenant: "main", count: 7 },
      { ...head, kind: "event-failed", tenant: "main", count: 1, topic: "a", failure },
    ];
    for (const event of events) metrics.countEvent(event);
    metrics.countDecision({
      plugin: { id: "acme/a" },
      capability: "storage.kv",
      outcome: { kind: "denied", code: "CALL_NOT_LIVE" },
    });
    const text = formatPrometheus(metrics.read([gauges]));
    for (const line of [
      'paddock_guest_starts_total{plugin="acme/a",outcome="ok",fault="none"} 1',
      'paddock_guest_starts_total{plugin="acme/a",outcome="START_FAILED",fault="plugin"} 1',
      'paddock_guest_start_duration_seconds_bucket{plugin="acme/a",le="0.05"} 1',
      'paddock_guest_ends_total{plugin="acme/a",outcome="CRASHED",fault="plugin"} 1',
      'paddock_guest_ends_total{plugin="acme/a",outcome="ok",fault="none"} 1',
      'paddock_health_failures_total{plugin="acme/a"} 1',
      'paddock_quarantines_total{plugin="acme/a"} 1',
      'paddock_reloads_total{plugin="acme/a",outcome="CRASHED",fault="plugin"} 1',
      'paddock_events_dropped_total{plugin="acme/a"} 7',
      'paddock_event_failures_total{plugin="acme/a"} 1',
      'paddock_denials_total{plugin="acme/a",capability="storage.kv",outcome="CALL_NOT_LIVE"} 1',
      'paddock_plugin_state{plugin="acme/a",state="ready"} 1',
      'paddock_plugin_state{plugin="acme/a",state="quarantined"} 0',
      'paddock_guest_usage_ratio{plugin="acme/a",resource="memory"} 0.5',
      'paddock_queue_length{plugin="acme/a"} 4',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  test("name every metric of the table, each with its labels", () => {
    const metrics = new Metrics();
    metrics.countCall({ ...call, attempts: 2 });
    metrics.countDecision({
      plugin: { id: "acme/a" },
      capability: undefined,
      outcome: { kind: "denied", code: "CAPABILITY_UNKNOWN" },
    });
    const started: LifecycleEvent = { ...head, ...guest, kind: "guest-started", startMs: 1, isStandby: true };
    for (const event of [
      started,
      { ...head, ...guest, kind: "guest-ended", livedMs: 5 },
      { ...head, ...guest, kind: "health-check-failed", failures: 1 },
      { ...head, kind: "quarantined", failure },
      { ...head, kind: "reloaded", fromVersion: "0.9.0" },
      { ...head, kind: "events-dropped", tenant: "main", count: 7 },
      { ...head, kind: "event-failed", tenant: "main", count: 1, topic: "a", failure },
    ] as const) {
      metrics.countEvent(event);
    }
    const { families } = metrics.read([gauges]);
    expect(families.map(({ name }) => name)).toEqual(Object.keys(METRICS));
    for (const { name, samples } of families) {
      for (const { labels } of samples) expect(Object.keys(labels)).toEqual(METRICS[name].labels);
    }
  });

  test("stay bounded however many plugins come and go", () => {
    const metrics = new Metrics();
    for (let at = 0; at < MAX_LABEL_VALUES + 100; at++) metrics.countCall({ ...call, plugin: `acme/p${at}` });
    const calls = metrics.read([]).families.find(({ name }) => name === "paddock_calls_total");
    expect(calls?.samples).toHaveLength(MAX_LABEL_VALUES + 1);
    expect(calls?.samples.at(-1)).toMatchObject({ labels: { plugin: "other" }, value: 100 });
  });
});

test("formatPrometheus() escapes what would end a label", () => {
  const text = formatPrometheus({
    at: 0,
    families: [
      {
        name: "paddock_guests",
        samples: [{ labels: { plugin: 'a"b\\c\nd' }, value: Number.POSITIVE_INFINITY }],
      },
    ],
  });
  expect(text).toContain('paddock_guests{plugin="a\\"b\\\\c\\nd"} +Inf\n');
});
