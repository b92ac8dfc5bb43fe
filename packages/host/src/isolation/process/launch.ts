import type { ChildProcess } from "node:child_process";
import type { FileHandle } from "node:fs/promises";
import type { Writable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { PaddockError } from "@paddock/contract";
import type { LaunchSpec, Posture } from "../isolation.js";
import { type Bubblewrap, encodeArguments } from "./bubblewrap.js";
import { findProgram, type GuestIds } from "./guest-ids.js";
import { killStarting } from "./kill-starting.js";
import { hasInit, type LaunchPlan } from "./launch-plan.js";
import { openOutbox } from "./output-file.js";
import { readIdentities, readSeen, type Seen } from "./seen.js";
import { toSetupError } from "./setup-error.js";
import { type StartedProcess, startProcess } from "./start-process.js";
import type { StatusFile } from "./status-file.js";
import { descriptorsFor, GATE, openStreams, type Streams } from "./streams.js";
import {
  encodeStubInstructions,
  STUB_READY,
  STUB_RELEASE,
  type StubInstruction,
} from "./stub-instructions.js";
import { parseFailure, readStubReport } from "./stub-report.js";
import { bubblewrapArguments, checkPosture, stubCommand, stubInstructions } from "./walls.js";

/** Descriptors of the first process, above those that are the guest's. */
const BUBBLEWRAP_ARGUMENTS = 5;
const BUBBLEWRAP_STATUS = 6;
const INNER_INSTRUCTIONS = 7;
const OUTER_INSTRUCTIONS = 8;

/** How much later than the program its first process may stand ready. */
const INIT_TIMEOUT_MS = 2_000;

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
  readonly ids: GuestIds;
  readonly streams: Streams;
  readonly posture: Posture;
  readonly status: StatusFile;
  /** Where the guest leaves files for its caller, if it has such a place. */
  readonly output: FileHandle | undefined;
}

export function bubblewrapCommand(): readonly string[] {
  const fd = String;
  return ["--args", fd(BUBBLEWRAP_ARGUMENTS), "--", ...stubCommand(INNER_INSTRUCTIONS, GATE)];
}

/** What is started first: bubblewrap, or the launch stub that becomes it when the host is root. */
export interface FirstProgram {
  readonly bubblewrap: Bubblewrap;
  readonly outerStub: string | undefined;
  /** Gives a file for bubblewrap's status. */
  readonly openStatus: () => Promise<StatusFile>;
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
  const status = await first.openStatus().catch((error: unknown) => {
    throw toSetupError(error, spec.label);
  });
  const child = await start(first, spec, status.descriptor).catch(async (error: unknown) => {
    await status.close();
    throw toSetupError(error, spec.label);
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const timeout = AbortSignal.timeout(SETUP_TIMEOUT_MS);
  const stop = AbortSignal.any(signal === undefined ? [timeout] : [timeout, signal]);
  const streams = openStreams(child, spec);
  try {
    const { plan, outer } = await Promise.race([preparation, whenAborted(stop)]);
    instruct(child, plan, outer);
    const standing = Promise.all([
      plan.joinsCgroup || plan.cgroup === undefined
        ? undefined
        : status.childPid(stop).then((found) => plan.cgroup?.place(found)),
      readStubReport(streams.gate, stop).then((report) => {
        if (report !== STUB_READY) throw setupFailure(report, plan, outer, streams);
      }),
    ]);
    await Promise.race([standing, whenAborted(stop)]);
    // Only now: the mounts stand, so what is verified here is what will run. Meanwhile the walls are read back.
    const verified = Promise.race([spec.verify?.(), whenAborted(stop)]);
    verified.catch(() => undefined);
    const { childPid } = await status.read();
    const ids = childPid === undefined ? undefined : findProgram(childPid, hasInit(spec));
    if (ids === undefined) throw setupFailure("", plan, outer, streams);
    // It may have been started before the first process, its parent, was placed.
    if (hasInit(spec) && !plan.joinsCgroup) await plan.cgroup?.place(ids.program.pid);
    const targets = plan.mounts.map(({ target }) => target);
    const identities = await Promise.race([readIdentities(ids.program.pid, targets), whenAborted(stop)]);
    const posture = checkPosture(plan, { ...readSeen(ids.program.pid), identities });
    if (hasInit(spec)) await checkInit(plan, ids, identities, stop);
    await verified;
    const output = spec.hasOutbox === true ? await openOutbox(ids.program.pid) : undefined;
    if (stop.aborted) await output?.close();
    stop.throwIfAborted();
    streams.gate.write(STUB_RELEASE);
    return { child, ids, streams, posture, status, output };
  } catch (error) {
    // First the kill, then the descriptors: an end of file must not look like permission to go on.
    await killStarting(child);
    await exited;
    await status.close();
    streams.close();
    signal?.throwIfAborted();
    throw toSetupError(error, spec.label);
  }
}

function start(
  { bubblewrap, outerStub }: FirstProgram,
  spec: LaunchSpec,
  status: number,
): Promise<StartedProcess> {
  const stdio = [...descriptorsFor(spec), "pipe", status, "pipe"] as const;
  return outerStub === undefined
    ? startProcess(bubblewrap.path, bubblewrapCommand(), stdio)
    : startProcess(outerStub, [String(OUTER_INSTRUCTIONS), String(GATE)], [...stdio, "pipe"]);
}

/** Tells each of the three, in the order in which they run, what to do; they wait for it. */
function instruct(child: ChildProcess, plan: LaunchPlan, outer: OuterCommand | undefined): void {
  const steps = stubInstructions(plan);
  const options = ["--json-status-fd", String(BUBBLEWRAP_STATUS), ...bubblewrapArguments(plan)];
  if (outer !== undefined) send(child, OUTER_INSTRUCTIONS, encodeStubInstructions(outer.instructions));
  send(child, BUBBLEWRAP_ARGUMENTS, encodeArguments(options));
  send(child, INNER_INSTRUCTIONS, encodeStubInstructions(steps.map(([, step]) => step)));
}

/** The first process raises its own walls beside the second, which may be at the gate before it. */
async function checkInit(
  plan: LaunchPlan,
  { first }: GuestIds,
  identities: Seen["identities"],
  stop: AbortSignal,
): Promise<void> {
  const giveUpAt = performance.now() + INIT_TIMEOUT_MS;
  for (;;) {
    try {
      checkPosture(plan, { ...readSeen(first.pid, "init"), identities });
      return;
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
    }
    await wait(1, undefined, { signal: stop });
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
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
  streams: Streams,
): PaddockError {
  const lines = streams.lastLines();
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
