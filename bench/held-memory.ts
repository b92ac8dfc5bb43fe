import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Frees what nobody holds any more, so that what is measured next is held. */
export function collectGarbage(): void {
  // Node hides it unless it is asked for; the flag may be set at any time.
  setFlagsFromString("--expose-gc");
  // Safe: with that flag it is there, and a function.
  const collect = runInNewContext("gc") as () => void;
  collect();
}

/** What this process holds: objects, and the bytes outside of the heap that belong to them. */
export function heldMegabytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 ** 2;
}
