import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { createHost } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FaultBench, openFaultBench, PLUGINS } from "./fault-bench.js";
import { leftFilesOf, leftMountsOf, leftProcessesOf, processTreeOf } from "./left-by-host.js";

const BUSY_HOST = join(PLUGINS, "host-behaviours/busy-host.mjs");
/** `PADDOCK_KILLS=100 npx vitest run test/faults/killed-host.test.ts` takes the time for a hundred. */
const KILLS = Number(process.env.PADDOCK_KILLS ?? 12);
/** What a killed host leaves is gone within this time. */
const GONE_WITHIN_MS = 1_000;
/** When it is killed: so long after what it says, at the most. */
const PHASES = [
  { after: "spawn", withinMs: 300 },
  { after: "open", withinMs: 150 },
  { after: "loaded", withinMs: 300 },
  { after: "kept", withinMs: 900 },
] as const;

interface Moment {
  readonly after: (typeof PHASES)[number]["after"];
  readonly ms: number;
}

/** Its calls go on all the time while others are killed beside it. */
let neighbour: FaultBench;
let home = "";
let code = "";
beforeAll(async () => {
  neighbour = await openFaultBench();
  home = join(neighbour.directory, "killed");
  code = join(neighbour.directory, "code");
  mkdirSync(code);
});
afterAll(async () => neighbour?.close());

/** Early moments of each phase are as likely as late ones. */
const moments: readonly Moment[] = Array.from({ length: KILLS }, (_, at) => {
  const { after, withinMs } = PHASES[at % PHASES.length] ?? PHASES[0];
  return { after, ms: Math.round(((at + 0.5) / KILLS) * withinMs) };
});

const killed: number[] = [];

/** What is left a second after a busy host was killed at that moment. */
async function killAt({ after, ms }: Moment): Promise<readonly string[]> {
  const child = spawn(process.execPath, ["--no-warnings", BUSY_HOST, home, PLUGINS, code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pid = child.pid ?? 0;
  killed.push(pid);
  const exited = once(child, "exit");
  const died = exited.then(([status, signal]) => `it ended by itself: ${status ?? signal}`);
  const early = await Promise.race([saying(child, after).then(() => wait(ms)), died]);
  if (typeof early === "string") throw new Error(early);
  const tree = processTreeOf(pid);
  child.kill("SIGKILL");
  await exited;
  const until = performance.now() + GONE_WITHIN_MS;
  for (;;) {
    const left = [...leftProcessesOf(pid, tree), ...leftMountsOf(home)];
    if (left.length === 0 || performance.now() > until) return left;
    await wait(10);
  }
}

async function saying(child: ChildProcessByStdio<null, Readable, null>, word: string): Promise<void> {
  const lines = createInterface({ input: child.stdout });
  if (word === "spawn") return;
  for await (const line of lines) if (line === word) return;
}

async function killAgainAndAgain(): Promise<void> {
  for (const [at, moment] of moments.entries()) {
    const when = `killed ${moment.ms} ms after "${moment.after}"`;
    expect(await killAt(moment), when).toEqual([]);
    // Every other time the next one is a host that is killed as well.
    if (at % 2 === 1) continue;
    await using host = await createHost({ home });
    expect(leftFilesOf(home, killed), when).toEqual([]);
    await host.close();
  }
  await using host = await createHost({ home, limits: { disk: "4MB", scratch: "4MB", inodes: 200 } });
  expect(leftFilesOf(home, killed)).toEqual([]);
  await host.load(join(PLUGINS, "keeps-data"));
  expect(await host.call("attacker/keeps-data", "attack", {}, { timeoutMs: 10_000 })).toBe("kept");
}

describe("A host that is killed", () => {
  test(
    `${KILLS} times at any moment leaves no process and no mount, and the next start cleans up`,
    async () => {
      const pids = (await neighbour.host.posture("attacker/bystander")).map(({ pid }) => pid);
      let isOver = false;
      let served = 0;
      const beside = (async () => {
        for (; !isOver; served++) {
          await neighbour.assertOthersServed();
          await wait(5);
        }
      })();
      try {
        await killAgainAndAgain();
      } finally {
        isOver = true;
        await beside;
      }
      expect(served).toBeGreaterThan(KILLS);
      expect((await neighbour.host.posture("attacker/bystander")).map(({ pid }) => pid)).toEqual(pids);
    },
    KILLS * 6_000,
  );

  test("is told from a living process that has its number", async () => {
    const stranger = spawn("sleep", ["60"], { stdio: "ignore" });
    const exited = once(stranger, "exit");
    const run = join(home, "run", `${stranger.pid}-1`, "instance");
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, "left"), "");
    writeFileSync(
      join(home, "lock.json"),
      JSON.stringify({ pid: stranger.pid, since: "2020-01-01T00:00:00.000Z" }),
    );
    await using host = await createHost({ home });
    expect(existsSync(run)).toBe(false);
    expect(JSON.parse(readFileSync(join(home, "lock.json"), "utf8"))).toMatchObject({ pid: process.pid });
    expect(stranger.exitCode ?? stranger.signalCode).toBe(null);
    await host.close();
    expect(readdirSync(join(home, "run"))).toEqual([]);
    stranger.kill("SIGKILL");
    await exited;
  });
});
