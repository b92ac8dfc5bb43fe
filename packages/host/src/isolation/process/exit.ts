import { constants } from "node:os";
import { formatSize } from "@paddock/contract";
import type { GuestEnd, GuestEndCode, KillReason, LaunchSpec } from "../isolation.js";

/** What is known once a guest is gone. */
export interface ExitFacts {
  /** 128 + signal for a killed guest, as bubblewrap reports it. */
  readonly exitCode: number | undefined;
  /** Our own kill, the first of them. */
  readonly killed: KillReason | undefined;
  readonly oomKills: number;
  readonly memoryPeakBytes: number | undefined;
  readonly cpuMs: number | undefined;
  readonly lastLines: readonly string[];
}

const SIGKILL_EXIT = 128 + constants.signals.SIGKILL;
const SIGSYS_EXIT = 128 + constants.signals.SIGSYS;

/** How interpreters end when memory is refused: abort, trap, segmentation fault (as process 1, abort arrives as that). */
const ABORT_EXITS: readonly number[] = [
  128 + constants.signals.SIGABRT,
  128 + constants.signals.SIGTRAP,
  128 + constants.signals.SIGILL,
  128 + constants.signals.SIGSEGV,
];

/** What they print then. The guest could print it too: it would only blame itself. */
const OUT_OF_MEMORY =
  /out of memory|allocation failed|failed to (?:allocate|reserve)|bad_alloc|MemoryError|cannot allocate memory|Empty MaybeLocal/i;

/** An abort with this much of the limit used is taken for a want of memory. */
const NEAR_LIMIT_PART = 0.75;

/** A guest that was killed this close to its processor time was killed for it: the kernel counts whole seconds. */
const CPU_MARGIN_MS = 1_500;

/** Why a guest ended. Our own record and the kernel's counters come before exit codes, which a guest can choose. */
export function classifyEnd(spec: LaunchSpec, facts: ExitFacts): GuestEnd {
  const code = facts.killed?.code ?? findCode(spec, facts);
  const evidence = {
    exitCode: facts.exitCode,
    signal: signalName(facts.exitCode),
    ...limitEvidence(spec, facts, code),
    lastLines: facts.lastLines,
  };
  const message = facts.killed?.message ?? describe(spec, facts, code);
  const used = {
    ...(facts.memoryPeakBytes === undefined ? {} : { memoryPeakBytes: facts.memoryPeakBytes }),
    ...(facts.cpuMs === undefined ? {} : { cpuMs: facts.cpuMs }),
  };
  return { code, message, hint: code === undefined ? undefined : HINTS[code], evidence, used };
}

function findCode(spec: LaunchSpec, facts: ExitFacts): GuestEndCode | undefined {
  const { exitCode } = facts;
  if (facts.oomKills > 0) return "MEMORY_LIMIT";
  if (exitCode === SIGSYS_EXIT) return "SECCOMP_VIOLATION";
  if (exitCode === SIGKILL_EXIT && (facts.cpuMs ?? 0) >= spec.limits.cpuTimeMs - CPU_MARGIN_MS)
    return "CPU_LIMIT";
  if (exitCode !== undefined && ABORT_EXITS.includes(exitCode) && wasShortOfMemory(spec, facts)) {
    return "MEMORY_LIMIT";
  }
  // An interpreter that was refused memory may end with a status of its own, and says why with its last words.
  if (spec.stdio === "raw" && exitCode !== 0 && OUT_OF_MEMORY.test(facts.lastLines.at(-1) ?? ""))
    return "MEMORY_LIMIT";
  return exitCode === 0 ? undefined : "CRASHED";
}

/** It said so, or it was close to its limit: where memory is refused, not every interpreter finds words. */
function wasShortOfMemory(spec: LaunchSpec, { lastLines, memoryPeakBytes = 0 }: ExitFacts): boolean {
  return (
    lastLines.some((line) => OUT_OF_MEMORY.test(line)) ||
    memoryPeakBytes >= spec.limits.memoryBytes * NEAR_LIMIT_PART
  );
}

function limitEvidence(
  spec: LaunchSpec,
  facts: ExitFacts,
  code: GuestEndCode | undefined,
): { limit?: number; peak?: number } {
  const peak = (value: number | undefined) => (value === undefined ? {} : { peak: value });
  if (code === "MEMORY_LIMIT") return { limit: spec.limits.memoryBytes, ...peak(facts.memoryPeakBytes) };
  if (code === "CPU_LIMIT") return { limit: spec.limits.cpuTimeMs, ...peak(facts.cpuMs) };
  if (code === "DISK_LIMIT") return { limit: spec.limits.diskBytes };
  return {};
}

function describe(spec: LaunchSpec, facts: ExitFacts, code: GuestEndCode | undefined): string {
  switch (code) {
    case undefined:
      return "it exited by itself";
    case "MEMORY_LIMIT":
      return `it needed more than its ${formatSize(spec.limits.memoryBytes)} of memory`;
    case "CPU_LIMIT":
      return `it used its ${spec.limits.cpuTimeMs / 1000} s of processor time`;
    case "SECCOMP_VIOLATION":
      return "it made a system call that only an attack makes";
    default:
      return `it ended with exit code ${facts.exitCode ?? "unknown"}${signalSuffix(facts.exitCode)}`;
  }
}

const HINTS: Readonly<Record<GuestEndCode, string>> = {
  MEMORY_LIMIT: "Raise limits.memory for this plugin, or make it hold less at a time.",
  CPU_LIMIT: "Raise limits.cpuTime for this plugin, or make its actions shorter.",
  TIMEOUT: "Raise limits.timeout for this plugin, or make the action shorter and let it heed ctx.signal.",
  DISK_LIMIT: "Raise limits.disk for this plugin, or empty its data.",
  SECCOMP_VIOLATION: "No ordinary program makes this call: treat the plugin as hostile.",
  PROTOCOL_VIOLATION: "Rebuild the plugin with the current SDK; if it is, treat it as hostile.",
  UNRESPONSIVE: "Find what keeps the plugin busy: it must answer health checks while it works.",
  CRASHED: "Look at the plugin's last log lines.",
  SETUP_FAILED: "Run `paddock doctor` to see what this machine offers.",
  KILLED: "It was stopped on purpose.",
};

function signalName(exitCode: number | undefined): string | undefined {
  if (exitCode === undefined || exitCode <= 128) return undefined;
  return Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
}

function signalSuffix(exitCode: number | undefined): string {
  const name = signalName(exitCode);
  return name === undefined ? "" : ` (${name})`;
}
