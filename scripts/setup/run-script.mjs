import { spawn } from "node:child_process";
import { join } from "node:path";
import { environment } from "./environment.mjs";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs a script of the repository on its own Node, as if it had been started in place of this process. */
export async function runScript(root, file, args) {
  const node = join(root, "node_modules/.bin/node");
  const child = spawn(node, [file, ...args], { cwd: root, env: environment(root), stdio: "inherit" });
  for (const signal of SIGNALS) process.on(signal, () => pass(signal, child));
  const { code, signal } = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  for (const own of SIGNALS) process.removeAllListeners(own);
  // Dies of the same signal, so that the shell sees what happened to the script.
  if (signal !== null) process.kill(process.pid, signal);
  else process.exitCode = code;
}

function pass(signal, child) {
  // A terminal sends Ctrl-C to both already; twice would mean "now!" to many programs.
  if (signal === "SIGINT" && process.stdin.isTTY) return;
  child.kill(signal);
}
