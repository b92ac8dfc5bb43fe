import type { LoadedAction, LoadedPlugin } from "../supervisor/plugin.js";

/** One call on its way down. */
export interface PipelineCall {
  readonly plugin: LoadedPlugin;
  readonly action: LoadedAction;
  readonly payload: unknown;
  readonly tenant: string;
  readonly traceparent: string;
  /** How long the caller will wait, milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export type Handler = (call: PipelineCall) => Promise<unknown>;

/** A stage is a function of what comes after it. It may refuse, change the call, or look at the answer. */
export type Stage = (next: Handler) => Handler;

/** The stages around the last step, the first of them outermost. */
export function compose(stages: readonly Stage[], last: Handler): Handler {
  return stages.reduceRight((next, stage) => stage(next), last);
}
