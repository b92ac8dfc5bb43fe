import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Keeps this process, and so everything it starts meanwhile, on one processor. Where two processes that talk in
 * turns happen to be put makes a call up to three times slower: the same place for all leaves what they do.
 */
export async function onOneProcessor<T>(use: () => Promise<T>): Promise<T> {
  const allowed =
    /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "";
  // The last one of a list such as "0-3,8": the first serves most interrupts.
  const last = allowed.split(/[-,]/).at(-1) ?? "";
  if (!pin(last)) return use();
  try {
    return await use();
  } finally {
    pin(allowed);
  }
}

/** All threads of this process; says so when that is not possible. */
function pin(processors: string): boolean {
  try {
    execFileSync("taskset", ["-a", "-p", "-c", processors, String(process.pid)], { stdio: "pipe" });
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : "";
    process.stderr.write(`Not kept on one processor, so expect more noise: ${reason}\n`);
    return false;
  }
}
