import type { ChainLink } from "../permissions/call-chain.js";
import type { InputFiles } from "../streams/input-files.js";
import type { LoadedAction, LoadedPlugin } from "../supervisor/plugin.js";
import type { EncodedPayload } from "./encode-payload.js";
import type { Fallback } from "./fallback.js";
import type { TraceRecorder } from "./trace.js";

/** How far a plugin says that it is with a call. */
export interface Progress {
  readonly fraction?: number;
  readonly message?: string;
}

/** One call on its way down. */
export interface PipelineCall {
  readonly plugin: LoadedPlugin;
  readonly action: LoadedAction;
  readonly payload: unknown;
  /** The payload as it is sent; `undefined` until it has been validated. */
  encoded: EncodedPayload | undefined;
  readonly tenant: string;
  /** The user or whoever else the application says has asked. */
  readonly caller: string | undefined;
  /** The plugins that led to this call, the first of them first; empty when the application calls. */
  readonly chain: readonly ChainLink[];
  /** Who shares a guest with this call. */
  readonly shareKey: string;
  readonly traceparent: string;
  /** How long the caller will wait, milliseconds, everything included. */
  readonly timeoutMs: number;
  /** `performance.now()`. */
  readonly startedAt: number;
  readonly signal: AbortSignal | undefined;
  readonly files: InputFiles | undefined;
  /** The action's output schema as JSON, where it has one; known when the call goes to a guest. */
  outputSchema: unknown;
  readonly fallback: Fallback | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly trace: TraceRecorder | undefined;
}

/** Rejects with PaddockErrors and never throws. */
export type Handler = (call: PipelineCall) => Promise<unknown>;

/** A stage is a function of what comes after it. It may refuse, change the call, or look at the answer. */
export type Stage = (next: Handler) => Handler;

/** The stages around the last step, the first of them outermost. */
export function compose(stages: readonly Stage[], last: Handler): Handler {
  return stages.reduceRight((next, stage) => stage(next), last);
}

/** What is left of the total deadline, milliseconds. */
export function remainingMs({ startedAt, timeoutMs }: PipelineCall): number {
  return startedAt + timeoutMs - performance.now();
}
