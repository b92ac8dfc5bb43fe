import { type ChildProcess, spawn } from "node:child_process";
import { assertFreeDescriptors } from "./free-descriptors.js";

export interface StartedProcess extends ChildProcess {
  readonly pid: number;
}

/**
 * Starts a program with nothing of the host's: no environment, no directory, no streams but those asked for.
 * Rejects with the system error when it cannot be started; a child without a process has no streams to look at.
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  stdio: readonly ("ignore" | "pipe" | number)[],
): Promise<StartedProcess> {
  assertFreeDescriptors(stdio.length);
  const child = spawn(command, args, { cwd: "/", env: {}, stdio: [...stdio] });
  if (hasStarted(child)) {
    // A signal that could not be sent: whoever sent it waits for the exit.
    child.on("error", () => undefined);
    return child;
  }
  const error = await new Promise<Error>((resolve) => child.once("error", resolve));
  // Out of descriptors there is not even an array.
  for (const stream of child.stdio ?? []) stream?.destroy();
  throw error;
}

function hasStarted(child: ChildProcess): child is StartedProcess {
  return child.pid !== undefined;
}
