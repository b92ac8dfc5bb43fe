import { readStat } from "./process-status.js";

/**
 * Signals the very process that we started: its number may belong to another one by now, and it may end between
 * the look and the signal. Returns whether it was there.
 */
export function signalProcess(pid: number, startTime: number, signal: NodeJS.Signals): boolean {
  if (readStat(pid)?.startTime !== startTime) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
