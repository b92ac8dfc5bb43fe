import type { ErrorCode } from "@paddock/contract";

/** One finished call, as operators count it. Names come from manifests and tables, never from a guest or a caller. */
export interface CallRecord {
  readonly plugin: string;
  readonly version: string;
  /** `undefined` when the plugin has no action of the name that was asked for. */
  readonly action: string | undefined;
  readonly tenant: string;
  /** W3C trace context that the call came with, or began. */
  readonly traceparent: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** `undefined` for a call that succeeded. */
  readonly code: ErrorCode | undefined;
  /** How often the guest was asked; 0 for a call that was refused before. */
  readonly attempts: number;
  /** What each stage took, where anybody asked for traces. */
  readonly stages?: readonly { readonly name: string; readonly ms: number }[] | undefined;
}
