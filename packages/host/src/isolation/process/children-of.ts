import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readStat } from "../../process-status.js";

export interface ProcessName {
  readonly pid: number;
  readonly startTime: number;
}

/** The children of a process, as far as they can be seen now; nobody when /proc cannot be read at all. */
export function childrenOf(pid: number): readonly ProcessName[] {
  try {
    return listChildren(pid).flatMap((child) => {
      const stat = readStat(child);
      return stat?.parent === pid ? [{ pid: child, startTime: stat.startTime }] : [];
    });
  } catch {
    return [];
  }
}

/** Those of every thread: a child is listed under the thread that started it. */
function listChildren(pid: number): readonly number[] {
  // Kernels without that file: look at everybody.
  if (!existsSync(`/proc/${pid}/task/${pid}/children`))
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => readChildren(pid, thread));
}

function readChildren(pid: number, thread: string): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1");
    return text.trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
