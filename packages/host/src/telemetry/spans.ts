import { ERRORS } from "@paddock/contract";
import type { CallRecord } from "./call-record.js";
import type { LifecycleChange, LifecycleEvent } from "./lifecycle-event.js";
import type { Attributes, Tracer } from "./telemetry-port.js";
import { contextOf } from "./trace-context.js";

/** SpanKind.INTERNAL and SpanStatusCode.ERROR of the API. */
const INTERNAL = 0;
const ERROR = 2;

/** A span for a finished call, below the span that its `traceparent` names; stages are its events. */
export function traceCall(tracer: Tracer, record: CallRecord): void {
  const { plugin, version, action = "none", tenant, startedAt, durationMs, code, attempts } = record;
  const attributes: Attributes = {
    "paddock.plugin": plugin,
    "paddock.plugin.version": version,
    "paddock.action": action,
    "paddock.tenant": tenant,
    "paddock.attempts": attempts,
    "paddock.outcome": code ?? "ok",
    ...(code === undefined ? {} : { "paddock.fault": ERRORS[code].fault }),
  };
  const options = { kind: INTERNAL, startTime: startedAt, attributes };
  const span = tracer.startSpan(`${plugin} ${action}`, options, contextOf(record.traceparent));
  let at = startedAt;
  for (const { name, ms } of record.stages ?? []) {
    at += ms;
    span.addEvent(name, { "paddock.stage.ms": ms }, at);
  }
  // The table's own sentence: what a plugin wrote into its error is for the caller.
  if (code !== undefined) span.setStatus({ code: ERROR, message: ERRORS[code].title });
  span.end(startedAt + durationMs);
}

/** A span of its own for an event: as long as the start or the life that it tells of, else without length. */
export function traceEvent(tracer: Tracer, event: LifecycleEvent): void {
  const { at, plugin, version, kind, ...facts } = event;
  const attributes: Attributes = { "paddock.plugin": plugin, "paddock.plugin.version": version };
  for (const [name, fact] of Object.entries(facts)) {
    if (typeof fact === "string" || typeof fact === "number" || typeof fact === "boolean") {
      attributes[`paddock.${name}`] = fact;
    }
  }
  const failure = "failure" in event ? event.failure : undefined;
  if (failure !== undefined) {
    attributes["paddock.outcome"] = failure.code;
    attributes["paddock.fault"] = failure.fault;
  }
  const startTime = at - lengthOf(event);
  const span = tracer.startSpan(`paddock ${kind}`, { kind: INTERNAL, startTime, attributes, root: true });
  if (failure !== undefined) span.setStatus({ code: ERROR, message: ERRORS[failure.code].title });
  span.end(at);
}

function lengthOf(change: LifecycleChange): number {
  if (change.kind === "guest-started") return change.startMs;
  return change.kind === "guest-ended" ? change.livedMs : 0;
}
