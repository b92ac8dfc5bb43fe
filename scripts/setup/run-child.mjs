import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs a command on this terminal and passes signals on to it. Gives how it ended, and the first signal that
 * this process got meanwhile.
 */
export function runOnTerminal(command, options) {
  return runChild(command, { ...options, stdio: "inherit" });
}

/**
 * Runs a step of the set-up and gives its exit code and what it printed. A signal ends the step first and then
 * this process: an npm that nobody waits for would go on installing without the set-up's lock.
 */
export async function runStep(command, options) {
  const { code, interrupted, printed } = await runChild(command, {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (interrupted !== undefined) process.kill(process.pid, interrupted);
  return { code, printed };
}

async function runChild([program, ...args], options) {
  const child = spawn(program, args, options);
  let interrupted;
  const pass = (signal) => {
    interrupted ??= signal;
    // A terminal sends Ctrl-C to both already; twice would mean "now!" to many programs.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  try {
    const [end, ...printed] = await Promise.all([ended(child), read(child.stdout), read(child.stderr)]);
    return { ...end, interrupted, printed: printed.join("").trim() };
  } finally {
    for (const signal of SIGNALS) process.off(signal, pass);
  }
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}

async function read(stream) {
  return stream === null ? "" : text(stream);
}
