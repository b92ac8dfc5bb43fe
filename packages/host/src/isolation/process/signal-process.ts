import { readStat } from "../../process-status.js";

/**
 * Signals the very process that we started: its number may belong to another one by now, and it may end between
 * the look and the signal. Returns whether it was there.
 */
export function signalProcess(pid: number, startTime: number, signal: NodeJS.Signals): boolean {
  try {
    if (readStat(pid)?.startTime !== startTime) return false;
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
