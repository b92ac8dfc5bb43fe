import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { CgroupFreezer } from "./cgroup.js";
import { readKeyed, write } from "./files.js";

/** How long it may take until the kernel says that everybody stands. */
const FREEZE_TIMEOUT_MS = 1_000;

/** The freezer of a version 2 group, which needs no controller. Who is frozen there can still be killed. */
export function createFreezer(directory: string): CgroupFreezer {
  return {
    freeze: async () => {
      await write(directory, "cgroup.freeze", 1);
      const giveUpAt = performance.now() + FREEZE_TIMEOUT_MS;
      while ((await readKeyed(join(directory, "cgroup.events"), "frozen")) !== 1) {
        if (performance.now() > giveUpAt) throw new Error(`${directory} does not freeze`);
        await wait(1, undefined, { ref: false });
      }
    },
    thaw: () => write(directory, "cgroup.freeze", 0),
  };
}
