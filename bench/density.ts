import { setTimeout as wait } from "node:timers/promises";
import { createEchoHost, ECHO_PLUGIN } from "./contenders/paddock.ts";
import { collectGarbage } from "./held-memory.ts";
import { PAYLOAD } from "./payload.ts";
import type { Measured, Question } from "./question.ts";

const GUESTS = 100;
const QUICK_GUESTS = 10;
/** Part of the guests whose starts are compared: the first ones with the last ones. */
const ENDS = 0.1;
/** Guests before the first that counts, for what comes with them once: code is compiled, caches are filled. */
const WARM_UP = 5;
/** Before the first and after the last: what comes with loading and starting is done with by then. */
const REST_MS = 500;

/** Guests of one host, each of a tenant of its own, all alive at the end. */
export const densityMemory: Question = {
  name: "density-memory",
  title:
    "Memory of the host for each of 100 guests that it holds, what they take themselves left out. Less is better.",
  unit: "MB",
  better: "less",
  baseline: "allowed",
  measure: async ({ isQuick }) => {
    const { memoryMegabytes } = await fill(isQuick ? QUICK_GUESTS : GUESTS);
    return [
      { kind: "samples", name: "paddock", samples: [memoryMegabytes] },
      { kind: "samples", name: "allowed", samples: [0.5] },
    ] satisfies readonly Measured[];
  },
};

export const densityStart: Question = {
  name: "density-start",
  title:
    "Start of a guest, its first call included: the last ten of a hundred beside all others, and the first ten.",
  unit: "ms",
  better: "less",
  baseline: "the first guests",
  measure: async ({ isQuick }) => {
    const { startsMs } = await fill(isQuick ? QUICK_GUESTS : GUESTS);
    const part = Math.ceil(startsMs.length * ENDS);
    return [
      { kind: "samples", name: "the last guests", samples: startsMs.slice(-part) },
      { kind: "samples", name: "the first guests", samples: startsMs.slice(0, part) },
    ] satisfies readonly Measured[];
  },
};

async function fill(
  guests: number,
): Promise<{ readonly startsMs: readonly number[]; readonly memoryMegabytes: number }> {
  const { host, close } = await createEchoHost();
  try {
    for (let guest = 0; guest < WARM_UP; guest++)
      await host.call(ECHO_PLUGIN, "echo", PAYLOAD, { tenant: `warm-up-${guest}` });
    await wait(REST_MS);
    const before = residentMegabytes();
    const startsMs: number[] = [];
    for (let guest = 0; guest < guests; guest++) {
      const startedAt = performance.now();
      await host.call(ECHO_PLUGIN, "echo", PAYLOAD, { tenant: `tenant-${guest}` });
      startsMs.push(performance.now() - startedAt);
    }
    await wait(REST_MS);
    return { startsMs, memoryMegabytes: (residentMegabytes() - before) / guests };
  } finally {
    await close();
  }
}

/** What can be collected is, so that what is held counts. */
function residentMegabytes(): number {
  collectGarbage();
  return process.memoryUsage.rss() / 1024 / 1024;
}
