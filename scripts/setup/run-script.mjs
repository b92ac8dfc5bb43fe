import { join } from "node:path";
import { environment } from "./environment.mjs";
import { runOnTerminal } from "./run-child.mjs";

/** Runs a script of the repository on its own Node, as if it had been started in place of this process. */
export async function runScript(root, file, args) {
  const node = join(root, "node_modules/.bin/node");
  const { code, signal } = await runOnTerminal([node, file, ...args], { cwd: root, env: environment(root) });
  // Dies of the same signal, so that the shell sees what happened to the script.
  if (signal === null) process.exitCode = code;
  else process.kill(process.pid, signal);
}
