import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { makeTemporaryHome } from "../plugins/host-behaviours/temporary-home.js";
import { codeOf, type FaultBench, failureOf, openFaultBench, PLUGINS } from "./fault-bench.js";

const YEAR_MS = 365 * 24 * 3_600_000;
const OTHER_CLOCK_HOST = join(PLUGINS, "host-behaviours/other-clock-host.mjs");

let bench: FaultBench;
let jumps: NodeJS.Timeout | undefined;
beforeEach(() => {
  // Only the clock on the wall: the timers are the real ones.
  vi.useFakeTimers({ toFake: ["Date"] });
  let isAhead = false;
  const now = Date.now();
  jumps = setInterval(() => {
    isAhead = !isAhead;
    vi.setSystemTime(now + (isAhead ? YEAR_MS : -YEAR_MS));
  }, 7);
});
afterEach(async () => {
  await bench?.close();
  clearInterval(jumps);
  vi.useRealTimers();
});

const open = async (defaults: object, limits: object = {}): Promise<string> => {
  bench = await openFaultBench({
    limits: { startTimeout: "5s", ...limits },
    defaults: { retry: { attempts: 1 }, breaker: { failures: 1_000 }, ...defaults },
  });
  return bench.load("fails-at", "faults/timed", {
    "moment.json": { moment: "call", way: "crash", always: true },
  });
};

async function timed<T>(work: Promise<T>): Promise<readonly [value: T, ms: number]> {
  const startedAt = performance.now();
  return [await work, performance.now() - startedAt];
}

describe("While the clock on the wall jumps by years", () => {
  test("deadlines of callers and limits of operators are kept", async () => {
    const id = await open({}, { timeout: "800ms" });
    expect(await bench.host.call(id, "slow", 300)).toBe(300);
    const [code, ms] = await timed(codeOf(bench.host.call(id, "slow", 5_000, { timeoutMs: 200 })));
    expect(code).toBe("TIMEOUT");
    expect(ms).toBeGreaterThan(190);
    expect(ms).toBeLessThan(700);
    const [late, lateMs] = await timed(codeOf(bench.host.call(id, "slow", 5_000, { timeoutMs: 60_000 })));
    expect(late).toBe("TIMEOUT");
    expect(lateMs).toBeGreaterThan(750);
    expect(lateMs).toBeLessThan(2_000);
    await bench.assertOthersServed();
  });

  test("rates neither refill at once nor never", async () => {
    const id = await open({ rate: { plugin: "4/s" } });
    const codes = await Promise.all(Array.from({ length: 12 }, () => codeOf(bench.host.call(id, "slow", 1))));
    expect(codes.filter((code) => code === "RATE_LIMITED").length).toBeGreaterThanOrEqual(7);
    const error = await failureOf(bench.host.call(id, "slow", 1));
    expect(Number(error.data.retryAfterMs)).toBeLessThan(1_100);
    await wait(1_100);
    expect(await bench.host.call(id, "slow", 1)).toBe(1);
  });

  test("a plugin that crashes rests for a second, not for a year", async () => {
    const id = await open({ restart: { crashes: 8, window: "10m" } });
    for (let at = 0; at < 4; at++) expect(await codeOf(bench.host.call(id, "call"))).toBe("CRASHED");
    const error = await failureOf(bench.host.call(id, "slow", 1));
    expect(error.code).toBe("PLUGIN_UNAVAILABLE");
    expect(Number(error.data.retryAfterMs)).toBeLessThanOrEqual(1_000);
    const [, ms] = await timed(
      bench.until((event) => event.kind === "state" && event.from === "backing-off"),
    );
    expect(ms).toBeGreaterThan(200);
    expect(ms).toBeLessThan(1_500);
    expect(await bench.host.call(id, "slow", 1)).toBe(1);
  });

  test("the circuit breaker closes again when it should", async () => {
    const id = await open({
      breaker: { failures: 2, openFor: "600ms" },
      restart: { crashes: 1_000, window: "1s" },
    });
    for (let at = 0; at < 2; at++) expect(await codeOf(bench.host.call(id, "call"))).toBe("CRASHED");
    expect(await codeOf(bench.host.call(id, "slow", 1))).toBe("CIRCUIT_OPEN");
    await wait(300);
    expect(await codeOf(bench.host.call(id, "slow", 1))).toBe("CIRCUIT_OPEN");
    await wait(400);
    expect(await bench.host.call(id, "slow", 1)).toBe(1);
  });

  test("a guest with nothing to do ends when it is idle, and not before", async () => {
    const id = await open({ instances: { idle: "1500ms" } });
    await bench.host.call(id, "slow", 1);
    const [, ms] = await timed(bench.until((event) => event.kind === "guest-ended" && event.plugin === id));
    expect(ms).toBeGreaterThan(1_000);
    expect(ms).toBeLessThan(5_000);
  });
});

test("A host whose kernel clocks are a year ahead works as any other", async () => {
  // Only root may make one without a user namespace around it.
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-current-user"];
  const args = [
    ...user,
    "--time",
    "--boottime",
    "31536000",
    "--monotonic",
    "31536000",
    "--fork",
    process.execPath,
  ];
  const home = await makeTemporaryHome();
  const child = spawn("unshare", [...args, "--no-warnings", OTHER_CLOCK_HOST, home.path, PLUGINS], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await Promise.all([text(child.stdout), once(child, "exit")]);
  await home.remove();
  expect(JSON.parse(said)).toEqual({
    answers: ["first", "again"],
    code: "TIMEOUT",
    isInTime: true,
    afterKill: "third",
    left: [],
  });
});
