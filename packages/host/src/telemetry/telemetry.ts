import { PaddockError } from "@paddock/contract";
import type { CallRecord } from "./call-record.js";
import { type EventFilter, EventStream, type LifecycleEvents } from "./event-stream.js";
import type { LifecycleEvent } from "./lifecycle-event.js";
import { Meters } from "./meters.js";
import { Metrics, type RequestDecision } from "./metrics.js";
import type { MetricsSnapshot } from "./metrics-snapshot.js";
import type { PluginGauges } from "./plugin-gauges.js";
import { traceCall, traceEvent } from "./spans.js";
import type { TelemetryOptions } from "./telemetry-port.js";

/** What a host tells about itself. Nothing here can fail a call. */
export interface Telemetry {
  /** `undefined` when nobody wants to know: then it costs nothing. */
  readonly onCall: ((record: CallRecord) => void) | undefined;
  readonly onEvent: (event: LifecycleEvent) => void;
  readonly onDecision: (decision: RequestDecision) => void;
  /** Throws USAGE_INVALID for a filter that is none, OVERLOADED for too many readers. */
  events(filter?: EventFilter): LifecycleEvents;
  metrics(): MetricsSnapshot;
  /** Readers of events come to their end. May be called twice. */
  close(): void;
}

/** `options` are `undefined` when nobody wants to know of calls. */
export function createTelemetry(
  options: TelemetryOptions | undefined,
  readGauges: () => readonly PluginGauges[],
): Telemetry {
  const { tracer, meter } = options ?? {};
  const stream = new EventStream();
  const counted = new Metrics();
  const metrics = () => counted.read(readGauges());
  const guard = guardOnce();
  let meters: Meters | undefined;
  if (meter !== undefined) {
    guard(() => {
      meters = new Meters(meter, metrics);
    });
  }
  return {
    onCall:
      options === undefined
        ? undefined
        : (record) => {
            counted.countCall(record);
            if (meters !== undefined) guard(() => meters?.recordCall(record));
            if (tracer !== undefined) guard(() => traceCall(tracer, record));
          },
    onEvent: (event) => {
      counted.countEvent(event);
      stream.publish(event);
      if (meters !== undefined) guard(() => meters?.recordEvent(event));
      if (tracer !== undefined) guard(() => traceEvent(tracer, event));
    },
    onDecision: (decision) => counted.countDecision(decision),
    events: (filter) => stream.read(filter),
    metrics,
    close() {
      stream.close();
      if (meters !== undefined) guard(() => meters?.close());
    },
  };
}

/** The application's exporter may fail: no call fails with it, and one warning is enough. */
function guardOnce(): (tell: () => void) => void {
  let hasWarned = false;
  return (tell) => {
    try {
      tell();
    } catch (error) {
      if (!hasWarned) process.emitWarning(`Telemetry threw: ${String(error)}`, { code: "PADDOCK_TELEMETRY" });
      hasWarned = true;
    }
  };
}

/** What an application gave as `telemetry`. Throws CONFIG_INVALID for a tracer or a meter that is none. */
export function readTelemetryOptions(
  options: true | TelemetryOptions | undefined,
): TelemetryOptions | undefined {
  if (options === undefined) return undefined;
  if (options === true) return {};
  if (typeof options !== "object" || options === null) throw wrong("telemetry", "true or { tracer, meter }");
  const { tracer, meter } = options;
  if (tracer !== undefined && typeof tracer?.startSpan !== "function") {
    throw wrong("telemetry.tracer", "a tracer of @opentelemetry/api: trace.getTracer(name)");
  }
  if (meter !== undefined && typeof meter?.createObservableGauge !== "function") {
    throw wrong("telemetry.meter", "a meter of @opentelemetry/api: metrics.getMeter(name)");
  }
  return { tracer, meter };
}

function wrong(name: string, expected: string): PaddockError {
  return new PaddockError("CONFIG_INVALID", `The option "${name}" is not ${expected}.`);
}
