import type { ErrorCode } from "@paddock/contract";
import type { GuestEnd } from "../isolation/isolation.js";

/** How a program ended. */
export interface IsolateResult {
  /** The program's own, or 128 + the signal that ended it. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** Why it was ended; nothing when it ended by itself, with whatever exit code. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  readonly evidence: GuestEnd["evidence"];
  readonly usage: {
    readonly memoryPeakBytes: number | undefined;
    readonly cpuMs: number | undefined;
    readonly wallMs: number;
  };
}
