import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
/** By then it does everything it ever does. */
const BUSY_AFTER_MS = 1_600;

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

function startBusyHost(): ChildProcess {
  // Its log lines would say how it was killed; what counts is what is left.
  return spawn(process.execPath, ["--no-warnings", BUSY_HOST, home, PLUGINS, code], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

const killed: number[] = [];

async function killAfter(ms: number): Promise<readonly string[]> {
  const child = startBusyHost();
  const pid = child.pid ?? 0;
  killed.push(pid);
  const exited = once(child, "exit");
  const died = exited.then(([status, signal]) => `it ended by itself: ${status ?? signal}`);
  const early = await Promise.race([wait(ms), died]);
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

async function killAgainAndAgain(): Promise<void> {
  for (const [at, ms] of moments.entries()) {
    expect(await killAfter(ms), `killed after ${ms} ms`).toEqual([]);
    // Every other time the next one is a host that is killed as well.
    if (at % 2 === 0) continue;
    await using host = await createHost({ home });
    expect(leftFilesOf(home, killed), `killed after ${ms} ms`).toEqual([]);
    await host.close();
  }
  await using host = await createHost({ home, limits: { disk: "4MB", scratch: "4MB", inodes: 200 } });
  expect(leftFilesOf(home, killed)).toEqual([]);
  await host.load(join(PLUGINS, "keeps-data"));
  expect(await host.call("attacker/keeps-data", "attack", {}, { timeoutMs: 10_000 })).toBe("kept");
}

/** Everybody's moments are equally likely, early ones too. */
const moments = Array.from({ length: KILLS }, (_, at) => Math.round(((at + 0.5) / KILLS) * BUSY_AFTER_MS));

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
