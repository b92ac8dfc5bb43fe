import type { TraceContext } from "./telemetry-port.js";

/**
 * Where OpenTelemetry's API keeps the active span: `createContextKey()` makes it with `Symbol.for`, so that copies of
 * the API understand each other (api/src/trace/context-utils.ts).
 */
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");

/** version 00 "-" trace id "-" parent id "-" flags */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** A context whose span is the remote one that a `traceparent` names. */
export function contextOf(traceparent: string): TraceContext {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return new Values(new Map());
  const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return new Values(new Map([[SPAN_KEY, { spanContext: () => spanContext }]]));
}

class Values implements TraceContext {
  readonly #values: ReadonlyMap<symbol, unknown>;

  constructor(values: ReadonlyMap<symbol, unknown>) {
    this.#values = values;
  }

  getValue(key: symbol): unknown {
    return this.#values.get(key);
  }

  setValue(key: symbol, value: unknown): TraceContext {
    return new Values(new Map(this.#values).set(key, value));
  }

  deleteValue(key: symbol): TraceContext {
    const values = new Map(this.#values);
    values.delete(key);
    return new Values(values);
  }
}
