import { readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { PaddockError } from "@paddock/contract";
import { parseLimits } from "./seen.js";

const CONTAINER_LINE =
  'docker run --rm -it -v "$PWD:/app" -w /app --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined node:24-bookworm bash -c "apt-get update && apt-get install -y bubblewrap && exec su node"';

/** Throws where the walls cannot be raised at all, with the way that works there. */
export function assertEnvironment(
  platform = process.platform,
  arch: string = process.arch,
  onMainThread = isMainThread,
): void {
  if (platform !== "linux") {
    throw new PaddockError(
      "UNSUPPORTED_PLATFORM",
      `Cannot isolate plugins on ${platform}: the walls are made of Linux namespaces, seccomp and control groups.`,
      {
        hint: `Work in a container: ${CONTAINER_LINE} (or open the folder in the devcontainer that docs/platforms.md describes).`,
      },
    );
  }
  if (arch !== "x64" && arch !== "arm64") {
    throw new PaddockError(
      "UNSUPPORTED_PLATFORM",
      `Cannot isolate plugins on ${arch}: there are system-call tables for x64 and arm64.`,
    );
  }
  if (!onMainThread) {
    throw new PaddockError(
      "UNSUPPORTED_PLATFORM",
      "Cannot start guests from a worker thread: they would end with that thread, not with the process.",
      {
        hint: "Create the host in the main thread and call it from workers by messages.",
      },
    );
  }
}

/** Hard limits of this process, by their names in /proc/self/limits. */
export function readHostLimits(): ReadonlyMap<string, number> {
  const limits = parseLimits(readFileSync("/proc/self/limits", "utf8"));
  return new Map([...limits].map(([name, { hard }]) => [name, hard]));
}

/** CAP_SYS_ADMIN among the effective capabilities: without it root cannot make mounts. */
export function canMount(): boolean {
  const CAP_SYS_ADMIN = 21n;
  const status = readFileSync("/proc/self/status", "latin1");
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  return process.getuid?.() === 0 && ((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}
