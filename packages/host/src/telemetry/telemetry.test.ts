import { SpanStatusCode } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { describe, expect, test, vi } from "vitest";
import type { CallRecord } from "./call-record.js";
import type { LifecycleEvent } from "./lifecycle-event.js";
import { createTelemetry, readTelemetryOptions } from "./telemetry.js";
import type { TelemetryOptions } from "./telemetry-port.js";

const call: CallRecord = {
  plugin: "acme/a",
  version: "1.0.0",
  action: "go",
  tenant: "shop-7",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  startedAt: 1_700_000_001_000,
  durationMs: 30,
  code: undefined,
  attempts: 1,
};
const ended: LifecycleEvent = {
  kind: "guest-ended",
  at: 1_700_000_009_000,
  plugin: "acme/a",
  version: "1.0.0",
  tenant: "shop-7",
  guest: 1,
  pid: 2,
  livedMs: 500,
  failure: { code: "CRASHED", message: "the plugin's own words", fault: "plugin" },
};

describe("with a tracer of OpenTelemetry, telemetry", () => {
  test("makes a span of every call, below the caller's", async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const telemetry = createTelemetry({ tracer: provider.getTracer("test") }, () => []);
    telemetry.onCall?.({ ...call, stages: [{ name: "validate", ms: 10 }] });
    telemetry.onCall?.({ ...call, code: "CRASHED", attempts: 2 });
    telemetry.onEvent(ended);
    telemetry.close();
    const [good, bad, life] = exporter.getFinishedSpans();
    expect(good).toMatchObject({
      name: "acme/a go",
      parentSpanContext: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" },
      startTime: [1_700_000_001, 0],
      endTime: [1_700_000_001, 30_000_000],
      attributes: { "paddock.tenant": "shop-7", "paddock.outcome": "ok", "paddock.attempts": 1 },
      events: [{ name: "validate", time: [1_700_000_001, 10_000_000] }],
    });
    expect(good?.spanContext().traceId).toBe("0af7651916cd43dd8448eb211c80319c");
    expect(bad).toMatchObject({
      attributes: { "paddock.outcome": "CRASHED", "paddock.fault": "plugin" },
      status: { code: SpanStatusCode.ERROR, message: "The plugin crashed." },
    });
    expect(life).toMatchObject({
      name: "paddock guest-ended",
      parentSpanContext: undefined,
      startTime: [1_700_000_008, 500_000_000],
      endTime: [1_700_000_009, 0],
      attributes: { "paddock.outcome": "CRASHED", "paddock.pid": 2 },
    });
    expect(JSON.stringify(life?.attributes)).not.toContain("own words");
    await provider.shutdown();
  });
});

describe("with a meter of OpenTelemetry, telemetry", () => {
  test("reports the metrics of the table, without a label for the tenant", async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    const telemetry = createTelemetry({ meter: provider.getMeter("test") }, () => []);
    telemetry.onCall?.(call);
    telemetry.onCall?.({ ...call, code: "CRASHED" });
    telemetry.onEvent(ended);
    await reader.forceFlush();
    const found = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
    const points = (name: string) => found.find(({ descriptor }) => descriptor.name === name)?.dataPoints;
    expect(points("paddock.calls")).toMatchObject([
      { value: 1, attributes: { plugin: "acme/a", action: "go", outcome: "ok", fault: "none" } },
      { value: 1, attributes: { outcome: "CRASHED", fault: "plugin" } },
    ]);
    expect(points("paddock.call_duration")).toMatchObject([{ value: { count: 2, sum: 0.06 } }]);
    expect(points("paddock.guest_ends")).toMatchObject([{ value: 1, attributes: { outcome: "CRASHED" } }]);
    expect(JSON.stringify(points("paddock.calls"))).not.toContain("shop-7");
    telemetry.close();
    telemetry.close();
    await provider.shutdown();
  });
});

test.each<[string, unknown]>([
  ["text", "otel"],
  ["a tracer without startSpan", { tracer: {} }],
  ["a meter that is null", { meter: null }],
])("readTelemetryOptions() refuses %s", (_, options) => {
  // Safe: what callers in JavaScript may give.
  expect(() => readTelemetryOptions(options as TelemetryOptions)).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID" }),
  );
});

test("an exporter that throws costs one warning, and no call", () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const tracer = {
    startSpan: () => {
      throw new Error("no network");
    },
  };
  const telemetry = createTelemetry({ tracer }, () => []);
  telemetry.onCall?.(call);
  telemetry.onCall?.(call);
  expect(warn.mock.calls).toEqual([["Telemetry threw: Error: no network", { code: "PADDOCK_TELEMETRY" }]]);
  expect(telemetry.metrics().families[0]?.samples).toMatchObject([{ value: 2 }]);
  warn.mockRestore();
});
