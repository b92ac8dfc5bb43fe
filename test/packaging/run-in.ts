import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

export interface Ran {
  readonly exitCode: number | null;
  /** stdout, and stderr after it. */
  readonly output: string;
}

/** Runs a command in a directory, as a stranger's project would: without what npm told its own scripts. */
export async function runIn(directory: string, command: readonly string[]): Promise<Ran> {
  const [program = "", ...args] = command;
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith("npm_"));
  const child = spawn(program, args, {
    cwd: directory,
    env: Object.fromEntries(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { exitCode, output: `${stdout}${stderr}` };
}
