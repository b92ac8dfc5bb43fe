import { type ErrorCode, formatDuration, formatSize, type Limits } from "@paddock/contract";
import type { GuestEnd } from "../isolation/isolation.js";
import type { IsolateResult } from "./isolate-result.js";

interface Circumstances {
  readonly program: string;
  /** What the launch stub said after it was let go. */
  readonly gate: string;
  readonly wallMs: number;
  readonly limits: Limits;
}

/** A guest's end in the words of whoever ran a program: an exit code is the program's own affair. */
export function explainEnd(end: GuestEnd, { program, gate, wallMs, limits }: Circumstances): IsolateResult {
  const { exitCode, signal } = end.evidence;
  const notRun = /^failed \d+ (\d+)\n/.exec(gate)?.[1];
  const code = notRun !== undefined ? "SETUP_FAILED" : end.code === "CRASHED" ? undefined : end.code;
  return {
    exitCode,
    // Safe: named after the table of this very system.
    signal: signal as NodeJS.Signals | undefined,
    code,
    message:
      notRun === undefined
        ? end.message
        : `${program} could not be executed: ${ERRNO[notRun] ?? `errno ${notRun}`}`,
    hint: code === undefined ? undefined : hintFor(code, limits),
    evidence: end.evidence,
    usage: { memoryPeakBytes: end.used?.memoryPeakBytes, cpuMs: end.used?.cpuMs, wallMs },
  };
}

const ERRNO: Readonly<Record<string, string>> = {
  "2": "it, or its interpreter, is not there inside",
  "8": "it is no program for this machine",
  "13": "it may not be executed",
};

function hintFor(code: ErrorCode, limits: Limits): string {
  switch (code) {
    case "MEMORY_LIMIT":
      return `It may use ${formatSize(limits.memoryBytes)}: give it more with memory (--memory), or less to do at a time.`;
    case "TIMEOUT":
      return `It may run for ${formatDuration(limits.timeoutMs)}: give it longer with timeout (--timeout).`;
    case "CPU_LIMIT":
      return `It may use ${formatDuration(limits.cpuTimeMs)} of processor time: raise limits.cpuTime.`;
    case "SECCOMP_VIOLATION":
      return "No ordinary program makes this call: treat it as hostile.";
    case "SETUP_FAILED":
      return "Grant what it needs with read (--read), and check its first line.";
    default:
      return "It was stopped on purpose.";
  }
}
