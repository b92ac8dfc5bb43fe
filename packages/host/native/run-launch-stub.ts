import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { type Duplex, Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** The committed binary of one architecture. */
export function launchStubPath(architecture: "x64" | "arm64"): string {
  return fileURLToPath(new URL(`prebuilt/linux-${architecture}/launch-stub`, import.meta.url));
}

export const hostStubPath = launchStubPath(process.arch === "arm64" ? "arm64" : "x64");

/** The descriptors that tests give the stub; the report descriptor is also the program's channel. */
export const REPORT_DESCRIPTOR = 3;
export const INSTRUCTION_DESCRIPTOR = 4;

export interface StubOptions {
  /** The whole command line up to the two descriptor numbers. */
  readonly command?: readonly string[];
  readonly uid?: number;
  /** Written when the stub says ready; `null` ends the channel instead. */
  readonly answer?: string | null;
  /** Instead of the two descriptor numbers. */
  readonly numbers?: readonly string[];
  /** Further pieces of the list. */
  readonly more?: AsyncIterable<Uint8Array>;
  /** Descriptors that the child finds from number 5 on. */
  readonly descriptors?: readonly number[];
}

export interface StubRun {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly report: string;
}

/** Runs the stub to its end, or to the end of the program it executed. */
export async function runLaunchStub(list: Uint8Array, options: StubOptions = {}): Promise<StubRun> {
  const { answer = "G" } = options;
  const stub = startLaunchStub(list, options);
  let report = "";
  stub.channel.on("data", (chunk) => {
    report += chunk;
    if (!report.endsWith("ready\n")) return;
    if (answer === null) stub.channel.end();
    else stub.channel.write(answer);
  });
  const ended = await stub.ended;
  return { ...ended, report };
}

export interface StartedStub {
  readonly child: ChildProcess;
  readonly channel: Duplex;
  readonly ended: Promise<Omit<StubRun, "report">>;
}

/** Starts the stub and gives it the list; the caller answers on the channel. */
export function startLaunchStub(list: Uint8Array, options: StubOptions = {}): StartedStub {
  const [program = hostStubPath, ...rest] = options.command ?? [hostStubPath];
  const numbers = options.numbers ?? [String(INSTRUCTION_DESCRIPTOR), String(REPORT_DESCRIPTOR)];
  const child = spawn(program, [...rest, ...numbers], {
    env: {},
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", ...(options.descriptors ?? [])],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  let output = "";
  child.stdout?.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    output += chunk;
  });
  const channel = duplexOf(child, REPORT_DESCRIPTOR);
  channel.on("error", ignore);
  // The stub may refuse a list before it has read all of it.
  const instructions = duplexOf(child, INSTRUCTION_DESCRIPTOR).on("error", ignore);
  if (options.more === undefined) instructions.end(list);
  else Readable.from(concatenate(list, options.more)).pipe(instructions);
  const ended = new Promise<Omit<StubRun, "report">>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve({ exitCode, signal, output }));
  });
  return { child, channel, ended };
}

/** Starts the stub, looks at it while it waits at the gate, and ends it there. */
export async function whileReady<T>(
  list: Uint8Array,
  look: (pid: number) => T | Promise<T>,
  options: StubOptions = {},
): Promise<T> {
  const stub = startLaunchStub(list, options);
  try {
    const said = String(
      await Promise.race([
        new Promise((resolve) => stub.channel.once("data", resolve)),
        stub.ended.then(({ output }) => output),
      ]),
    );
    if (said !== "ready\n") throw new Error(`The stub did not get ready: ${said}`);
    return await look(stub.child.pid ?? 0);
  } finally {
    stub.channel.end();
    await stub.ended;
  }
}

/** Where the descriptors of a process lead. */
export function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`));
}

/** For what the kernel does a moment later: detaching a loop device, removing a process. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  const deadline = Date.now() + 5000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function* concatenate(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield first;
  yield* rest;
}

function duplexOf(child: ChildProcess, descriptor: number): Duplex {
  // Safe: every descriptor above 2 asked for as "pipe" is a socket pair, readable and writable.
  return child.stdio[descriptor] as Duplex;
}

function ignore(): void {}
