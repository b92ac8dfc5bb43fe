export {
  ERRORS,
  type ErrorCode,
  isPaddockError,
  type Limits,
  type Manifest,
  type PaddockConfig,
  PaddockError,
  type ProblemDetails,
} from "@paddock/contract";
export type { Actor } from "./admin/actor.js";
export type {
  Admin,
  DataOptions,
  LogOptions,
  PluginOverview,
} from "./admin/admin.js";
export type { DataFile, DataListing } from "./admin/data/plugin-data.js";
export { type LogRecord, MAX_KEPT_LINES } from "./admin/log-book.js";
export type { Missed } from "./bounded-reader.js";
export { MANIFEST_NAMES, readManifest, readWrittenManifest } from "./bundle/read-manifest.js";
export type { DecisionRecord } from "./capabilities/decision-record.js";
export type {
  EventListener,
  ReceivedEvent,
  SubscribeOptions,
  Subscription,
} from "./capabilities/event-subscribers.js";
export { type EffectiveLimits, effectiveLimits, type LimitSource } from "./config/effective-limits.js";
export { CONFIG_FILE_NAMES, type ConfigFile, loadConfigFile } from "./config/load-config-file.js";
export { type ResolvedConfig, resolveConfig } from "./config/resolve-config.js";
export { type IsolatedProgram, isolate } from "./exec/isolate.js";
export type { IsolateResult } from "./exec/isolate-result.js";
export { DEFAULT_PIDS, type IsolateOptions } from "./exec/options.js";
export {
  createFakeHost,
  type FakeHost,
  type FakeHostOptions,
} from "./fake/create-fake-host.js";
export type { RecordedCall } from "./fake/fake-calls.js";
export type { FakeEvent, FakeEventHandler } from "./fake/fake-events.js";
export type { FakeAction, FakeCall, FakePlugin } from "./fake/fake-plugin.js";
export { createHost } from "./host.js";
export type { Host, HostOptions, LoadOptions, PluginInfo } from "./host-interface.js";
export type { Mechanism, Posture, Usage, Wall } from "./isolation/isolation.js";
export { diagnoseMachine, type MachineDiagnosis } from "./isolation/process/diagnose-machine.js";
export { type Enforcement, enforcementTable, type Privilege } from "./isolation/process/enforcement.js";
export { type Granting, grantingOf, isGranted } from "./permissions/granting.js";
export type { BatchResult } from "./pipeline/batch.js";
export type { CallOptions } from "./pipeline/call-options.js";
export type { OwnStage, StageCall } from "./pipeline/own-stage.js";
export { type PluginSchemas, readPluginSchemas } from "./pipeline/schema/read-plugin-schemas.js";
export type { AttemptTrace, CallOutcome, CallTrace, StageTime } from "./pipeline/trace.js";
export { definePoint, type Point, type PointDefinition } from "./points/point.js";
export type { PointCalls, PointOptions, PointResult } from "./points/point-calls.js";
export type { StandardSchema } from "./points/standard-schema.js";
export type { InputFileSource } from "./streams/input-files.js";
export { OutputFile } from "./streams/output-file.js";
export type { GuestLog } from "./supervisor/guest-log.js";
export type { GuestSamples, GuestStatus, PluginStatus } from "./supervisor/plugin-status.js";
export type { Sample } from "./supervisor/sample-history.js";
export type { GuestReport } from "./supervisor/supervisor.js";
export type { EventFilter, LifecycleEvents } from "./telemetry/event-stream.js";
export { formatPrometheus, PROMETHEUS_MEDIA_TYPE } from "./telemetry/format-prometheus.js";
export type { LifecycleEvent } from "./telemetry/lifecycle-event.js";
export type { MetricFamily, MetricSample, MetricsSnapshot } from "./telemetry/metrics-snapshot.js";
export type { TelemetryOptions } from "./telemetry/telemetry-port.js";
