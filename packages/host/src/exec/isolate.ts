import type { Readable, Writable } from "node:stream";
import { formatDuration, PaddockError } from "@paddock/contract";
import type { GuestProcess, LaunchSpec, Posture } from "../isolation/isolation.js";
import { explainEnd } from "./explain-end.js";
import { type FoundProgram, findProgram, SYSTEM_PATH } from "./find-program.js";
import type { IsolateResult } from "./isolate-result.js";
import { type IsolateOptions, readSettings } from "./options.js";
import { planPathGrants } from "./path-grants.js";
import { openExecIsolation } from "./shared-isolation.js";
import { startFolder } from "./start-folder.js";
import { isInTree, programRoot, systemRoot } from "./system-root.js";

/** A program of the host's, running behind all walls. */
export interface IsolatedProgram {
  readonly stdin: Writable;
  /** Unread output holds the program back; nothing of it is kept in memory beyond a buffer. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Process id as the host sees it. */
  readonly pid: number;
  /** The walls read back from the kernel before the program ran. */
  readonly posture: Posture;
  /** Sends a signal (default SIGTERM); one from the keyboard goes to everything that the program started too. */
  kill(signal?: NodeJS.Signals): void;
  /** Resolves once, when the program and everything it started are gone and cleaned away. Never rejects. */
  readonly result: Promise<IsolateResult>;
}

/** Reserved, not used: what is used is counted. Interpreters reserve half a gigabyte before they do anything. */
const RESERVED_BYTES = 1024 ** 3;
/** Descriptors that a program has before it does anything. */
const OWN_FILES = 16;

/**
 * Runs any program of the host's behind the same walls as plugins: no network, no files but the distribution's
 * programs and what is granted, no rights, and limits on everything. Rejects when it cannot be started (USAGE_INVALID,
 * CONFIG_INVALID, SETUP_FAILED, HOST_EXHAUSTED); how it ends is its result.
 */
export async function isolate(
  argv: readonly string[],
  options: IsolateOptions = {},
): Promise<IsolatedProgram> {
  const { config, limits } = readSettings(options);
  assertTexts(argv, options.env);
  options.signal?.throwIfAborted();
  const program = await findProgram(argv[0]);
  const mounts = await planPathGrants(options, config.home);
  const workingDirectory = startFolder(options.cwd, mounts);
  const isolation = await openExecIsolation(config);
  try {
    const root = await rootFor(program, limits.processes, `${config.home}/cache`);
    const startedAt = performance.now();
    const spec: LaunchSpec = {
      label: "exec",
      owner: isolation.owner,
      program: program.path,
      args: argv.slice(1),
      env: { PATH: SYSTEM_PATH, HOME: "/tmp", LANG: "C.UTF-8", ...root.env, ...options.env },
      workingDirectory,
      executables: root.executables,
      inputs: root.inputs,
      links: root.links,
      mounts,
      stdio: "raw",
      data: undefined,
      dataAliases: [],
      limits,
      baseline: { dataBytes: RESERVED_BYTES, threads: 1, files: OWN_FILES },
      onLog: () => undefined,
    };
    const guest = await isolation.launch(spec, options.signal);
    await guest.confineCpu().catch(async (error: unknown) => {
      guest.kill({ code: "SETUP_FAILED", message: "its processors could not be limited" });
      await guest.ended;
      throw error;
    });
    const stopWatching = endAtLimits(guest, limits.timeoutMs, options.signal);
    const said = readGate(guest);
    const result = guest.ended.then(async (end) => {
      stopWatching();
      const wallMs = performance.now() - startedAt;
      await isolation.close().catch((error: unknown) => {
        process.emitWarning(`Cannot clean up after a program: ${String(error)}`, { code: "PADDOCK_EXEC" });
      });
      return explainEnd(end, { program: program.path, gate: said(), wallMs, limits });
    });
    return withStreams(guest, result, options.stdin);
  } catch (error) {
    await isolation.close();
    throw error;
  }
}

function withStreams(
  guest: GuestProcess,
  result: Promise<IsolateResult>,
  input: IsolateOptions["stdin"],
): IsolatedProgram {
  if (guest.stdio === undefined) throw new PaddockError("INTERNAL", "A raw guest came without streams.");
  const { stdin, stdout, stderr } = guest.stdio;
  if (input !== undefined) stdin.end(input);
  return {
    ...{ stdin, stdout, stderr, result },
    pid: guest.pid,
    posture: guest.posture,
    kill: (signal = "SIGTERM") => guest.signal(signal),
  };
}

/** Everything that the program named needs, and what its first line names. */
async function rootFor(program: FoundProgram, processes: number, cacheDirectory: string) {
  const { file, interpreter } = program;
  if (processes === 1 && interpreter === undefined && !isInTree(file)) return programRoot(program);
  const programs = interpreter === undefined ? [program] : [program, await findProgram(interpreter)];
  return systemRoot(programs, cacheDirectory);
}

function endAtLimits(guest: GuestProcess, timeoutMs: number, signal: AbortSignal | undefined): () => void {
  const timer = setTimeout(
    () => guest.kill({ code: "TIMEOUT", message: `it ran longer than its ${formatDuration(timeoutMs)}` }),
    timeoutMs,
  );
  const abort = () => guest.kill({ code: "KILLED", message: "it was stopped by its caller" });
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  };
}

/** What the launch stub still said when it could not execute the program; the program itself cannot speak there. */
function readGate({ channel }: GuestProcess): () => string {
  let text = "";
  channel.on("data", (chunk: Buffer) => {
    if (text.length < 64) text += chunk.toString("latin1");
  });
  return () => text;
}

function assertTexts(argv: unknown, env: unknown): void {
  const isText = (value: unknown) => typeof value === "string" && !value.includes("\0");
  if (!Array.isArray(argv) || argv.length === 0 || !argv.every(isText))
    throw new PaddockError(
      "USAGE_INVALID",
      "Cannot run that: the program and its arguments are not a list of texts.",
      {
        hint: 'Give an array such as ["python3", "x.py"].',
      },
    );
  if (env === undefined) return;
  if (
    typeof env !== "object" ||
    env === null ||
    !Object.entries(env).every(([name, value]) => isName(name) && isText(value))
  )
    throw new PaddockError(
      "USAGE_INVALID",
      "Cannot set the environment: it is not a list of names and texts.",
      {
        hint: "Give an object of texts; names hold no = and are not empty.",
      },
    );
}

function isName(name: string): boolean {
  return name !== "" && !/[=\0]/.test(name);
}
