import { readStartTime } from "../../process-status.js";
import type { GuestIds } from "./guest-ids.js";
import { signalProcess } from "./signal-process.js";

/** Signals that a terminal sends to everybody in the foreground. */
const FROM_KEYBOARD: ReadonlySet<NodeJS.Signals> = new Set([
  "SIGINT",
  "SIGQUIT",
  "SIGTSTP",
  "SIGCONT",
  "SIGWINCH",
]);

/**
 * Passes a signal on as a terminal or a parent would. The group is that of the guest's first process, which feels
 * none of these itself.
 */
export function signalGuest({ first, program }: GuestIds, name: NodeJS.Signals): void {
  if (!FROM_KEYBOARD.has(name) || first.pid === program.pid) {
    signalProcess(program.pid, program.startTime, name);
    return;
  }
  if (readStartTime(first.pid) !== first.startTime) return;
  try {
    process.kill(-first.pid, name);
  } catch {
    // It has just ended.
  }
}
