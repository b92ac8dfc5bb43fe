import type { FileHandle } from "node:fs/promises";
import type { Duplex, Readable, Writable } from "node:stream";
import type { ErrorCode, Limits } from "@paddock/contract";

export type IsolationKind = "in-process" | "process" | "container" | "worker";

/** What keeps a guest in. Each implementation declares what it offers; nobody asks which one it has. */
export interface Isolation {
  readonly kind: IsolationKind;
  /** Whether inputs may lie in directories that only the host itself can search. */
  readonly reachesPrivateDirectories: boolean;
  /** The mechanisms of this machine, present or not. Changes nothing; failure of a probe means "not present". */
  diagnose(): Promise<readonly Mechanism[]>;
  /**
   * Raises every wall, checks them from outside, then lets the program run. Rejects with SETUP_FAILED (or
   * HOST_EXHAUSTED), and nothing is left behind. Aborting the signal ends the launch.
   */
  launch(spec: LaunchSpec, signal?: AbortSignal): Promise<GuestProcess>;
  /** Removes what a killed host left behind: files, control groups, processes. Safe beside living hosts. */
  sweep(): Promise<void>;
  /** Ends every guest and removes everything this isolation made. May be called twice. */
  close(): Promise<void>;
}

/** What a runtime asks an isolation to run. Paths named `source` are the host's, `target` the guest's. */
export interface LaunchSpec {
  /** Names the guest in logs, control groups and reports: letters, digits, "-" and "." only. */
  readonly label: string;
  /** Whose uid and files these are; equal owners may share them over time, different ones never. */
  readonly owner: { readonly plugin: string; readonly tenant: string };
  /** Absolute target path of the program. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** The only files that may be executed or mapped as code: the interpreter and its libraries. */
  readonly executables: readonly ReadOnlyInput[];
  /** Everything else the guest may read: mounted read-only, noexec, nosuid, nodev. */
  readonly inputs: readonly ReadOnlyInput[];
  /** What the first descriptors are; `logged` unless said otherwise. */
  readonly stdio?: StdioMode;
  /** Directories and files of the host's that were granted: noexec, nosuid, nodev, and still what they were when pinned. */
  readonly mounts?: readonly GrantedMount[];
  /** Symbolic links of the root, made before it becomes read-only. */
  readonly links?: readonly RootLink[];
  /** Where files of callers appear, at `/inbox`, read-only. */
  readonly inbox?: { readonly source: string };
  /** Whether there is an `/outbox`: writable, inside the scratch quota. */
  readonly hasOutbox?: boolean;
  /** Where the guest keeps its own files (`/data`), or nothing. */
  readonly data: DataDirectory | undefined;
  /** Further targets at which the data directory appears too; they exist in an input. */
  readonly dataAliases: readonly string[];
  readonly limits: Limits;
  /** What the interpreter needs for itself, on top of the plugin's limits. */
  readonly baseline: Baseline;
  /** Whether the inputs are still what they should be; asked when nobody can exchange them any more. Rejecting ends the launch. */
  readonly verify?: () => Promise<void>;
  /** Where the guest's stdout and stderr go; called with bounded, escaped, whole lines. */
  readonly onLog: (line: GuestLogLine) => void;
}

/**
 * `logged`: 3 is the control channel, 4 the data channel, stdout and stderr are log lines.
 * `wire`: stdin and stdout are the control channel, stderr is log lines. `raw`: all three are the caller's streams.
 */
export type StdioMode = "logged" | "wire" | "raw";

/** A directory or file of the host's. Its owner's rights are what the guest has there, whoever the guest is. */
export interface GrantedMount {
  /** Absolute and without links: a link in it is refused. */
  readonly source: string;
  readonly target: string;
  readonly access: "read" | "write";
}

export interface RootLink {
  readonly target: string;
  /** What the link says. */
  readonly to: string;
}

export interface ReadOnlyInput {
  readonly source: string;
  readonly target: string;
}

export interface DataDirectory {
  /** Directory of the host that holds this plugin's and tenant's files; made when missing. */
  readonly source: string;
  /** False for a program of ours that adds nothing: where the quota is held by watching, nobody watches. */
  readonly isWatched?: boolean;
}

/** Measured needs of an interpreter that has done nothing yet. */
export interface Baseline {
  /** Bytes counted against RLIMIT_DATA, reserved but untouched ones included. */
  readonly dataBytes: number;
  readonly threads: number;
  readonly files: number;
}

export interface GuestLogLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
  /** Lines dropped since the last one that was passed on. */
  readonly dropped: number;
}

/** A program behind its walls. */
export interface GuestProcess {
  /** Process id as the host sees it. */
  readonly pid: number;
  /** The control channel. Hostile; end of file means that the guest is going. Says nothing with `raw`. */
  readonly channel: Duplex;
  /** The data channel, with `logged` only. Hostile, and read by nobody until somebody reads it. */
  readonly data: Duplex | undefined;
  /** With `raw` only: what the guest reads, and what it writes, unread so far. */
  readonly stdio: GuestStreams | undefined;
  /** The walls read back from the kernel before the program ran. */
  readonly posture: Posture;
  /** Resolves once, when the guest and everything it started are gone and cleaned away. Never rejects. */
  readonly ended: Promise<GuestEnd>;
  /** Ends the guest now; the reason goes into its end. The first reason wins. */
  kill(reason: KillReason): void;
  /**
   * Stops every process of the guest: none of them runs until `resume`. One that cannot be stopped is ended.
   * Timers of the host go on.
   */
  suspend(): Promise<void>;
  resume(): Promise<void>;
  /** Sends a signal to the program, one from the keyboard (INT, QUIT, TSTP, CONT, WINCH) to all that it started too. */
  signal(name: NodeJS.Signals): void;
  /**
   * Opens a file that the guest left in `/outbox`, for reading. FILE_REFUSED for a name with a path in it, links,
   * what is no ordinary file, or has another name too. The caller closes it.
   */
  openOutput(name: string): Promise<FileHandle>;
  /** Starting is over: the cpu share, which would make it several times longer, applies from now on. */
  confineCpu(): Promise<void>;
  /** What it uses now and at its peak; `undefined` for what cannot be known here. */
  usage(): Promise<Usage>;
  /** Processor time until now, milliseconds: what a look every second may cost. Never waits. */
  cpuMs(): number;
}

/** The streams of a program, as its parent holds them. */
export interface GuestStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

export type GuestEndCode = Extract<
  ErrorCode,
  | "MEMORY_LIMIT"
  | "CPU_LIMIT"
  | "TIMEOUT"
  | "DISK_LIMIT"
  | "SECCOMP_VIOLATION"
  | "PROTOCOL_VIOLATION"
  | "UNRESPONSIVE"
  | "CRASHED"
  | "SETUP_FAILED"
  | "KILLED"
>;

export interface KillReason {
  readonly code: GuestEndCode;
  readonly message: string;
}

/** Why a guest ended, classified once. */
export interface GuestEnd {
  /** `undefined` for a guest that exited by itself with status 0. */
  readonly code: GuestEndCode | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  readonly evidence: {
    readonly exitCode: number | undefined;
    readonly signal: string | undefined;
    readonly limit?: number;
    readonly peak?: number;
    readonly lastLines: readonly string[];
  };
  /** What it used in all; nothing for what cannot be known here. */
  readonly used?: { readonly memoryPeakBytes?: number; readonly cpuMs?: number };
}

export interface Usage {
  readonly memoryBytes: number | undefined;
  readonly memoryPeakBytes: number | undefined;
  readonly cpuMs: number | undefined;
  readonly dataBytes: number | undefined;
  readonly scratchBytes: number | undefined;
  readonly threads: number | undefined;
  readonly files: number | undefined;
  /** Bytes that came from, and went to, a disk. */
  readonly ioReadBytes: number | undefined;
  readonly ioWriteBytes: number | undefined;
  readonly processes: number | undefined;
}

/** One mechanism of this machine, and what to do when it is missing. */
export interface Mechanism {
  readonly name: string;
  readonly present: boolean;
  /** What it stops or enforces, in one sentence. */
  readonly about: string;
  /** What was found: a version, a path, the error. */
  readonly found: string;
  /** What to install or set when it is missing. */
  readonly fix: string | undefined;
}

/** The walls actually standing around one guest. */
export interface Posture {
  readonly walls: readonly Wall[];
}

export interface Wall {
  readonly name: string;
  /** What the kernel said, for people: "uid 1000 → 1879050000", "filter 2", "size=52428800". */
  readonly found: string;
}
