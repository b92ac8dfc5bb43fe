/**
 * The part of `@opentelemetry/api` that the host uses, by shape: an application hands over its own tracer and meter,
 * and the host depends on nothing.
 */
export interface TelemetryOptions {
  /** `trace.getTracer("…")`: a span for every call and for every event in a plugin's life. */
  readonly tracer?: Tracer | undefined;
  /** `metrics.getMeter("…")`: the metrics of docs/telemetry.md. */
  readonly meter?: Meter | undefined;
}

export type Attributes = Record<string, string | number | boolean>;

export interface Tracer {
  startSpan(name: string, options?: SpanOptions, context?: TraceContext): Span;
}

export interface SpanOptions {
  readonly kind?: number;
  readonly startTime?: number;
  readonly attributes?: Attributes;
  readonly root?: boolean;
}

export interface Span {
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  addEvent(name: string, attributes?: Attributes, time?: number): unknown;
  end(endTime?: number): void;
}

/** Immutable values by symbol; how a tracer learns of a span's parent. */
export interface TraceContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): TraceContext;
  deleteValue(key: symbol): TraceContext;
}

export interface Meter {
  createHistogram(
    name: string,
    options?: InstrumentOptions,
  ): {
    record(value: number, attributes?: Attributes): void;
  };
  createObservableCounter(name: string, options?: InstrumentOptions): Observable;
  createObservableGauge(name: string, options?: InstrumentOptions): Observable;
}

export interface InstrumentOptions {
  readonly description?: string;
  readonly unit?: string;
  readonly advice?: { readonly explicitBucketBoundaries?: number[] };
}

export interface Observable {
  addCallback(callback: ObservableCallback): void;
  removeCallback(callback: ObservableCallback): void;
}

export type ObservableCallback = (result: { observe(value: number, attributes?: Attributes): void }) => void;
