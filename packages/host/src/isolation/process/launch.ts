import type { ChildProcess } from "node:child_process";
import type { Duplex, Writable } from "node:stream";
import { PaddockError } from "@paddock/contract";
import type { LaunchSpec, Posture } from "../isolation.js";
import { type Bubblewrap, encodeArguments } from "./bubblewrap.js";
import { killStarting } from "./kill-starting.js";
import type { LaunchPlan } from "./launch-plan.js";
import { type LogStream, readLogStream } from "./log-stream.js";
import { readStartTime } from "./process-status.js";
import { readSeen } from "./seen.js";
import { toSetupError } from "./setup-error.js";
import { type StartedProcess, startProcess } from "./start-process.js";
import { openStatusFile, type StatusFile } from "./status-file.js";
import {
  encodeStubInstructions,
  STUB_READY,
  STUB_RELEASE,
  type StubInstruction,
} from "./stub-instructions.js";
import { parseFailure, readStubReport } from "./stub-report.js";
import { bubblewrapArguments, checkPosture, stubCommand, stubInstructions } from "./walls.js";

/** Descriptors of the first process, from 3 upward. */
const CHANNEL = 3;
const BUBBLEWRAP_ARGUMENTS = 4;
const BUBBLEWRAP_STATUS = 5;
const INNER_INSTRUCTIONS = 6;
const OUTER_INSTRUCTIONS = 7;

/** From spawn to the waiting stub; a start takes some 10 ms. */
const SETUP_TIMEOUT_MS = 15_000;

/** What runs before bubblewrap when the host is root. */
export interface OuterCommand {
  readonly stub: string;
  readonly instructions: readonly StubInstruction[];
}

/** A guest whose walls stand, and whose program has been let go. */
export interface Launched {
  readonly child: ChildProcess;
  /** The guest's first process, as the host sees it. */
  readonly pid: number;
  readonly startTime: number;
  readonly channel: Duplex;
  readonly posture: Posture;
  readonly status: StatusFile;
  readonly logs: readonly LogStream[];
}

export function bubblewrapCommand(): readonly string[] {
  const fd = String;
  return ["--args", fd(BUBBLEWRAP_ARGUMENTS), "--", ...stubCommand(INNER_INSTRUCTIONS, CHANNEL)];
}

/** What is started first: bubblewrap, or the launch stub that becomes it when the host is root. */
export interface FirstProgram {
  readonly bubblewrap: Bubblewrap;
  readonly outerStub: string | undefined;
  /** For what lives no longer than this host. */
  readonly runDirectory: string;
}

/** What the walls are made of, once it is known. */
export interface Prepared {
  readonly plan: LaunchPlan;
  readonly outer: OuterCommand | undefined;
}

/**
 * Starts bubblewrap while the walls are still being prepared, waits for the stub, has the code verified, reads
 * the walls back, and only then opens the gate. Whatever fails on the way kills and reaps what was started
 * before it rejects; what was prepared stays with whoever prepared it.
 */
export async function launch(
  first: FirstProgram,
  spec: LaunchSpec,
  preparation: Promise<Prepared>,
  signal: AbortSignal | undefined,
): Promise<Launched> {
  signal?.throwIfAborted();
  const status = await openStatusFile(first.runDirectory).catch((error: unknown) => {
    throw toSetupError(error, spec.label);
  });
  const child = await start(first, status.descriptor).catch(async (error: unknown) => {
    await status.close();
    throw toSetupError(error, spec.label);
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const timeout = AbortSignal.timeout(SETUP_TIMEOUT_MS);
  const stop = AbortSignal.any(signal === undefined ? [timeout] : [timeout, signal]);
  const logs = readLogs(child, spec);
  // Safe: stdio was asked for as pipes at these numbers.
  const stdio: readonly unknown[] = child.stdio;
  const channel = stdio[CHANNEL] as Duplex;
  channel.on("error", () => channel.destroy());
  try {
    const { plan, outer } = await Promise.race([preparation, whenAborted(stop)]);
    instruct(child, plan, outer);
    const standing = Promise.all([
      plan.joinsCgroup || plan.cgroup === undefined
        ? undefined
        : status.childPid(stop).then((found) => plan.cgroup?.place(found)),
      readStubReport(channel, stop).then((report) => {
        if (report !== STUB_READY) throw setupFailure(report, plan, outer, logs);
      }),
    ]);
    await Promise.race([standing, whenAborted(stop)]);
    // Only now: the mounts stand, so what is verified here is what will run.
    await Promise.race([spec.verify?.(), whenAborted(stop)]);
    const { childPid: pid } = await status.read();
    if (pid === undefined) throw setupFailure("", plan, outer, logs);
    const posture = checkPosture(plan, readSeen(pid));
    stop.throwIfAborted();
    channel.write(STUB_RELEASE);
    return { child, pid, startTime: readStartTime(pid) ?? 0, channel, posture, status, logs };
  } catch (error) {
    // First the kill, then the descriptors: an end of file must not look like permission to go on.
    await killStarting(child);
    await exited;
    await status.close();
    for (const log of logs) log.close();
    for (const stream of child.stdio) stream?.destroy();
    signal?.throwIfAborted();
    throw toSetupError(error, spec.label);
  }
}

function start({ bubblewrap, outerStub }: FirstProgram, status: number): Promise<StartedProcess> {
  const stdio = ["ignore", "pipe", "pipe", "pipe", "pipe", status, "pipe"] as const;
  return outerStub === undefined
    ? startProcess(bubblewrap.path, bubblewrapCommand(), stdio)
    : startProcess(outerStub, [String(OUTER_INSTRUCTIONS), String(CHANNEL)], [...stdio, "pipe"]);
}

/** Tells each of the three, in the order in which they run, what to do; they wait for it. */
function instruct(child: ChildProcess, plan: LaunchPlan, outer: OuterCommand | undefined): void {
  const steps = stubInstructions(plan);
  const options = ["--json-status-fd", String(BUBBLEWRAP_STATUS), ...bubblewrapArguments(plan)];
  if (outer !== undefined) send(child, OUTER_INSTRUCTIONS, encodeStubInstructions(outer.instructions));
  send(child, BUBBLEWRAP_ARGUMENTS, encodeArguments(options));
  send(child, INNER_INSTRUCTIONS, encodeStubInstructions(steps.map(([, step]) => step)));
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function readLogs(child: ChildProcess, spec: LaunchSpec): readonly LogStream[] {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) return [];
  const rate = spec.limits.logLinesPerSecond;
  return [
    readLogStream("stdout", stdout, rate, spec.onLog),
    readLogStream("stderr", stderr, rate, spec.onLog),
  ];
}

function send(child: ChildProcess, descriptor: number, bytes: Buffer): void {
  const stdio: readonly unknown[] = child.stdio;
  // Safe: stdio was asked for as pipes at these numbers.
  const stream = stdio[descriptor] as Writable;
  // The reader may be gone already; what it reported says why.
  stream.on("error", () => stream.destroy());
  stream.end(bytes);
}

function setupFailure(
  report: string,
  plan: LaunchPlan,
  outer: OuterCommand | undefined,
  logs: readonly LogStream[],
): PaddockError {
  const lines = logs.flatMap((log) => log.lastLines());
  const failure = parseFailure(report);
  const state =
    failure === undefined
      ? (lines.at(-1) ?? "bubblewrap ended without a word")
      : `${findStep(failure.index, plan, outer)}: errno ${failure.errno}`;
  return new PaddockError("SETUP_FAILED", `Cannot start "${plan.spec.label}": ${state}.`, {
    hint: "Run `paddock doctor` to see what this machine offers.",
    data: { lastLines: lines },
  });
}

/** The same report descriptor serves both stages; the inner one can only speak once the outer one is done. */
function findStep(index: number, plan: LaunchPlan, outer: OuterCommand | undefined): string {
  const [wall, inner] = stubInstructions(plan)[index] ?? [];
  const first = outer?.instructions[index];
  const name = (step: StubInstruction | undefined) =>
    step === undefined ? "" : `${step.kind}${"target" in step ? ` ${step.target}` : ""}`;
  const candidates = [
    first === undefined ? "" : `before the walls, ${name(first)}`,
    inner === undefined ? "" : `${wall}, ${name(inner)}`,
  ];
  return candidates.filter(Boolean).join(" or ");
}
