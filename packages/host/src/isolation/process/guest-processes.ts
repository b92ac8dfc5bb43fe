import { childrenOf, type ProcessName } from "./children-of.js";

/** More processes than any limit lets a guest have: what is being read may grow while it is read. */
const MAX_PROCESSES = 20_000;

/**
 * Every process of a guest: whoever loses a parent becomes a child of the namespace's first process, so that all
 * of them are below it.
 */
export function listGuestProcesses(first: ProcessName, hasOthers: boolean): readonly ProcessName[] {
  if (!hasOthers) return [first];
  const found = new Map<number, ProcessName>([[first.pid, first]]);
  for (const { pid } of found.values()) {
    if (found.size > MAX_PROCESSES) break;
    for (const child of childrenOf(pid)) if (!found.has(child.pid)) found.set(child.pid, child);
  }
  return [...found.values()];
}
