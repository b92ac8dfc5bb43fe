import type { Readable, Writable } from "node:stream";
import { formatDuration, PaddockError } from "@paddock/contract";
import type { GrantedMount, GuestProcess, LaunchSpec, Posture } from "../isolation/isolation.js";
import { assertHandedOver } from "./arguments.js";
import { explainEnd } from "./explain-end.js";
import { type FoundProgram, findProgram, SYSTEM_PATH } from "./find-program.js";
import type { IsolateResult } from "./isolate-result.js";
import { type IsolateOptions, readSettings } from "./options.js";
import { planPathGrants } from "./path-grants.js";
import { openExecIsolation } from "./shared-isolation.js";
import { startFolder } from "./start-folder.js";
import { type ExecRoot, isInTree, programRoot, systemRoot } from "./system-root.js";

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
  assertHandedOver(argv, options);
  options.signal?.throwIfAborted();
  const program = await findProgram(argv[0]);
  const grants = await planPathGrants(options, config.home);
  const workingDirectory = startFolder(options.cwd, grants);
  const isolation = await openExecIsolation(config);
  try {
    const root = await rootFor(program, limits.processes, `${config.home}/cache`);
    const mounts = grants.filter((grant) => !isShown(grant, root));
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
    // At once: what arrives before anybody listens is lost.
    const said = readGate(guest);
    await guest.confineCpu().catch(async (error: unknown) => {
      guest.kill({ code: "SETUP_FAILED", message: "its processors could not be limited" });
      await guest.ended;
      throw error;
    });
    const stopWatching = endAtLimits(guest, limits.timeoutMs, options.signal);
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

/** What lies in the system's folders is there already, and nothing can be mounted into them. */
function isShown({ source, target }: GrantedMount, { executables }: ExecRoot): boolean {
  const isIn = (path: string) =>
    executables.some((tree) => tree.source === tree.target && path.startsWith(`${tree.target}/`));
  return isIn(source) && isIn(target);
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
