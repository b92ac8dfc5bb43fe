import { spawn } from "node:child_process";
import { once } from "node:events";

export interface ToolOptions {
  readonly directory?: string;
  /** The whole environment; this process's own when left out. */
  readonly env?: Readonly<NodeJS.ProcessEnv>;
}

/** Runs a command with this terminal as its own and gives its exit code; 128 when a signal ended it. */
export async function runTool(command: readonly string[], options: ToolOptions = {}): Promise<number> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    stdio: "inherit",
    cwd: options.directory ?? process.cwd(),
    env: options.env ?? process.env,
  });
  const [code]: (number | null)[] = await once(child, "exit");
  return code ?? 128;
}
