import type { CallRecord } from "../telemetry/call-record.js";
import { describeThrown } from "./describe-thrown.js";
import type { Handler, PipelineCall } from "./pipeline.js";
import { type CallOutcome, type CallTrace, codeOf, type TraceRecorder } from "./trace.js";

/** Who hears of a call when it is over. */
export interface Listeners {
  readonly onTrace: readonly (((trace: CallTrace) => void) | undefined)[];
  /** Of the stages, in order, where they are timed. */
  readonly names: readonly string[] | undefined;
  readonly onCall: ((record: CallRecord) => void) | undefined;
}

/** Runs a call and tells what became of it, before its caller hears. */
export function watch(
  call: PipelineCall,
  recorder: TraceRecorder,
  run: Handler,
  { onTrace, names, onCall }: Listeners,
): Promise<unknown> {
  const finish = (outcome: CallOutcome) => {
    const trace = names === undefined ? undefined : recorder.finish(call, names, outcome);
    if (trace !== undefined) for (const listener of onTrace) tell("onTrace", () => listener?.(trace));
    tell("onCall", () => onCall?.(recordOf(call, recorder, outcome, trace)));
  };
  return run(call).then(
    (answer) => {
      finish("ok");
      return answer;
    },
    (error: unknown) => {
      finish(codeOf(error));
      throw error;
    },
  );
}

/** The application's mistake must not become the call's. */
export function tell(name: string, listener: () => void): void {
  try {
    listener();
  } catch (error) {
    process.emitWarning(`${name} threw: ${describeThrown(error)}`, { code: "PADDOCK_ON_CALL" });
  }
}

function recordOf(
  { plugin, action, tenant, traceparent }: PipelineCall,
  recorder: TraceRecorder,
  outcome: CallOutcome,
  trace: CallTrace | undefined,
): CallRecord {
  return {
    plugin: plugin.manifest.id,
    version: plugin.manifest.version,
    action: action.name,
    tenant,
    traceparent,
    startedAt: recorder.startedAt,
    durationMs: recorder.durationMs,
    code: outcome === "ok" ? undefined : outcome,
    attempts: recorder.attempts,
    stages: trace?.stages,
  };
}
