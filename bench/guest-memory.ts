import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { BARE, startBare } from "./contenders/bare.ts";
import { createEchoHost, ECHO_PLUGIN } from "./contenders/paddock.ts";
import { PAYLOAD } from "./payload.ts";
import type { Measured, Question } from "./question.ts";

const CALLS_BEFORE = 100;
/** Long enough for a guest to be idle again. */
const REST_MS = 300;

export const guestMemory: Question = {
  name: "guest-memory",
  title: "Resident memory of an idle guest that has served 100 calls. Less is better.",
  unit: "MB",
  better: "less",
  baseline: BARE,
  measure: async ({ isQuick }) => {
    const guests = isQuick ? 3 : 15;
    const ours = await measurePaddock(guests);
    const bare: number[] = [];
    for (let guest = 0; guest < guests; guest++) bare.push(await measureBare());
    return [
      { kind: "samples", name: "paddock", samples: ours },
      { kind: "samples", name: BARE, samples: bare },
    ] satisfies readonly Measured[];
  },
};

/** One guest for each tenant, all at once. */
async function measurePaddock(guests: number): Promise<readonly number[]> {
  const { host, close } = await createEchoHost();
  try {
    for (let guest = 0; guest < guests; guest++) {
      const tenant = `tenant-${guest}`;
      for (let call = 0; call < CALLS_BEFORE; call++)
        await host.call(ECHO_PLUGIN, "echo", PAYLOAD, { tenant });
    }
    await wait(REST_MS);
    const reports = await host.posture(ECHO_PLUGIN);
    return await Promise.all(reports.map(({ pid }) => residentMegabytes(pid)));
  } finally {
    await close();
  }
}

async function measureBare(): Promise<number> {
  const bare = await startBare();
  try {
    for (let call = 0; call < CALLS_BEFORE; call++) await bare.call(PAYLOAD);
    await wait(REST_MS);
    return await residentMegabytes(await onlyChild(bare.pid));
  } finally {
    await bare.close();
  }
}

/** What bubblewrap started: the interpreter, the first process of its namespace. */
async function onlyChild(pid: number): Promise<number> {
  const [child] = (await readFile(`/proc/${pid}/task/${pid}/children`, "latin1")).trim().split(" ");
  return Number(child);
}

/** Pages of its own and those it shares with others, as proc(5) counts them. */
async function residentMegabytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "latin1");
  const kilobytes = /^Rss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  if (kilobytes === undefined) throw new Error(`Process ${pid} does not say what is resident of it.`);
  return Number(kilobytes) / 1024;
}
