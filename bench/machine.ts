import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { findBubblewrap } from "./contenders/bare-process.ts";

/** One line about what the numbers were measured on. */
export function describeMachine(): string {
  const [first] = cpus();
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GB`;
  const user = process.getuid?.() === 0 ? "as root" : "as an ordinary user";
  return [
    `${cpus().length} × ${first?.model.trim() ?? "unknown processor"}, ${memory}`,
    `Linux ${release()}`,
    `Node ${process.version}`,
    bubblewrapVersion(),
    user,
  ].join("; ");
}

function bubblewrapVersion(): string {
  try {
    return execFileSync(findBubblewrap(), ["--version"], { encoding: "utf8" }).trim();
  } catch {
    return "bubblewrap of unknown version";
  }
}
