import { setTimeout as wait } from "node:timers/promises";
import { createHost, isPaddockError } from "@paddock/host";
import { ECHO_FOLDER, ECHO_PLUGIN } from "./contenders/paddock.ts";
import { heldMegabytes } from "./held-memory.ts";
import { PAYLOAD } from "./payload.ts";
import type { Measured, Question } from "./question.ts";
import { median } from "./statistics.ts";
import { createTemporaryHome } from "./temporary-home.ts";

const CALLS = 1_000_000;
const QUICK_CALLS = 50_000;
const IN_FLIGHT = 64;
const TENANTS = 4;
/** A guest is killed so often, at a random moment. */
const KILL_EVERY_MS = 400;
/** Memory is looked at so often; the first quarter is warming up. */
const LOOKS = 40;
/** Anything that is kept for each call is far above this after half of them. */
const FLAT_MEGABYTES = 3;

/**
 * A million calls while guests are killed at random: every call settles exactly once, and what the host holds
 * at the end is what it held after a quarter. Fails when a call is lost or settles twice, when an answer is another
 * call's, and when memory grows.
 */
export const soak: Question = {
  name: "soak",
  title: "What the host holds over a million calls whose guests are killed at random. Flat is better.",
  unit: "MB",
  better: "less",
  baseline: "second quarter",
  measure: async ({ isQuick }) => {
    const { samples, outcomes, kills } = await endure(isQuick ? QUICK_CALLS : CALLS);
    process.stderr.write(`soak: ${JSON.stringify({ kills, ...outcomes })}\n`);
    const quarter = Math.floor(samples.length / 4);
    const [second, last] = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)];
    const grown = median(last) - median(second);
    if (grown > FLAT_MEGABYTES) throw new Error(`The host holds ${grown.toFixed(1)} MB more than before.`);
    return [
      { kind: "samples", name: "last quarter", samples: last },
      { kind: "samples", name: "second quarter", samples: second },
    ] satisfies readonly Measured[];
  },
};

const WRONG_ANSWER = "wrong answer";

interface Endured {
  readonly samples: readonly number[];
  /** How the calls settled: `ok`, or the code of the error. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly kills: number;
}

async function endure(calls: number): Promise<Endured> {
  const home = await createTemporaryHome();
  const host = await createHost({
    home: home.path,
    defaults: { restart: { crashes: 1_000, window: "1s" }, breaker: { failures: 1_000 } },
  });
  const outcomes: Record<string, number> = {};
  const settled = new Uint8Array(calls);
  const samples: number[] = [];
  let next = 0;
  const settle = (index: number, outcome: string) => {
    settled[index] = (settled[index] ?? 0) + 1;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (index % Math.floor(calls / LOOKS) === 0) samples.push(heldMegabytes());
  };
  const caller = async (): Promise<void> => {
    for (let index = next++; index < calls; index = next++) {
      const payload = { ...PAYLOAD, index };
      await host.call(ECHO_PLUGIN, "echo", payload, { tenant: `tenant-${index % TENANTS}` }).then(
        (answer) => settle(index, isEcho(answer, index) ? "ok" : WRONG_ANSWER),
        async (error: unknown) => {
          settle(index, isPaddockError(error) ? error.code : String(error));
          // What is refused at once would otherwise be refused a million times.
          await wait(20);
        },
      );
    }
  };
  const ended = new AbortController();
  const killer = killAtRandom(host, ended.signal);
  try {
    await host.load(ECHO_FOLDER);
    await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  } finally {
    ended.abort();
    await host.close();
    home.close();
  }
  const wrong = settled.findIndex((times) => times !== 1);
  if (wrong !== -1) throw new Error(`Call ${wrong} settled ${settled[wrong]} times.`);
  if (outcomes[WRONG_ANSWER] !== undefined) throw new Error("A call got an answer that is not its own.");
  return { samples, outcomes, kills: await killer };
}

function isEcho(answer: unknown, index: number): boolean {
  return typeof answer === "object" && answer !== null && "index" in answer && answer.index === index;
}

async function killAtRandom(
  host: Awaited<ReturnType<typeof createHost>>,
  signal: AbortSignal,
): Promise<number> {
  let kills = 0;
  while (!signal.aborted) {
    await wait(Math.random() * 2 * KILL_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const guests = await host.posture(ECHO_PLUGIN).catch(() => []);
    const victim = guests[Math.floor(Math.random() * guests.length)];
    if (victim === undefined) continue;
    if (endProcess(victim.pid)) kills++;
  }
  return kills;
}

/** False for one that ended by itself a moment ago. */
function endProcess(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
