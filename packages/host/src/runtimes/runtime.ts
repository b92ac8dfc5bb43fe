import type { Baseline, LaunchSpec } from "../isolation/isolation.js";

export type RuntimeKind = "node" | "python" | "program" | "wasm" | "mcp";

/** The part of a LaunchSpec that follows from the code alone; the supervisor adds owner, limits and logs. */
export type Program = Pick<
  LaunchSpec,
  "program" | "args" | "env" | "workingDirectory" | "executables" | "inputs" | "dataAliases"
> & {
  readonly baseline: Baseline;
  /** Path of the plugin's code inside the walls, told to the guest in `initialize`. */
  readonly entry: string;
};

/** Turns stored code into a program to launch. */
export interface Runtime {
  readonly kind: RuntimeKind;
  /** `directory` is the plugin's code in the store. Rejects with SETUP_FAILED when the interpreter is missing. */
  program(directory: string, entry: string, memoryBytes: number): Promise<Program>;
}
