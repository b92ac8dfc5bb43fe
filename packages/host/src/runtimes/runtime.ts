import type { Manifest } from "@paddock/contract";
import type { Baseline, LaunchSpec, ReadOnlyInput } from "../isolation/isolation.js";

export type RuntimeKind = Manifest["runtime"]["kind"];

/** The part of a LaunchSpec that follows from the code alone; the supervisor adds owner, limits and logs. */
export type Program = Pick<
  LaunchSpec,
  "program" | "args" | "env" | "workingDirectory" | "executables" | "inputs" | "dataAliases" | "stdio"
> & {
  readonly baseline: Baseline;
  /** Path of the plugin's code inside the walls, told to the guest in `initialize`. */
  readonly entry: string;
};

/** Stored code that a runtime is to run. */
export interface StoredCode {
  /** Its files in the store. */
  readonly directory: string;
  /** Path of the first file inside the walls. */
  readonly entry: string;
  readonly manifest: Manifest;
  /** The plugin's limit. */
  readonly memoryBytes: number;
}

/** Turns stored code into a program to launch. */
export interface Runtime {
  readonly kind: RuntimeKind;
  /** Rejects with SETUP_FAILED when the interpreter is missing, PLUGIN_INVALID when the code is none for it. */
  program(code: StoredCode): Promise<Program>;
}

/** An interpreter as a program without an entry. */
export interface Tool {
  readonly program: string;
  /** Flags before the entry. */
  readonly flags: readonly string[];
  readonly executables: readonly ReadOnlyInput[];
  /** What it reads besides: its library. */
  readonly inputs: readonly ReadOnlyInput[];
  readonly baseline: Baseline;
}

/** Where the plugin's code appears inside the walls, and its working directory. */
export const CODE_TARGET = "/plugin";
