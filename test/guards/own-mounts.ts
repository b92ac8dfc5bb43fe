import { readFileSync } from "node:fs";

/** Mounts of ours in the host's own namespace, where there should never be one. */
export function ownMounts(): readonly string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.filter((line) => line.includes("paddock")).map((line) => `mount ${line}`);
}
