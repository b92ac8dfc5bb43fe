import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { GuestLog } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf, type FaultBench, openFaultBench, PLUGINS } from "./fault-bench.js";

const FLOOD_MS = 400;
/** What the others may notice of it on a busy machine. */
const BEARABLE_MS = 500;
const BEARABLE_MEGABYTES = 60;
const LINES_PER_SECOND = 100;

let bench: FaultBench;
const logs: GuestLog[] = [];
beforeAll(async () => {
  bench = await openFaultBench({
    limits: { logRate: `${LINES_PER_SECOND}/s`, timeout: "5s" },
    defaults: { restart: { crashes: 1_000, window: "1s" }, breaker: { failures: 1_000 } },
    onLog: (log) => logs.push(log),
  });
  for (const name of ["floods", "floods-python"]) {
    await bench.host.load(join(PLUGINS, name));
    await bench.host.start(`attacker/${name}`);
  }
});
afterAll(async () => bench?.close());

/** Does something while others are served; how long the slowest of them waited, and what it cost. */
async function beside(
  work: Promise<unknown>,
): Promise<{ readonly slowestMs: number; readonly megabytes: number }> {
  const before = heldBytes();
  let isOver = false;
  void work.finally(() => {
    isOver = true;
  });
  let slowestMs = 0;
  while (!isOver) {
    const startedAt = performance.now();
    await bench.assertOthersServed();
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    await nextTurn();
  }
  return { slowestMs, megabytes: (heldBytes() - before) / 1024 ** 2 };
}

/** What is still held after a collection: what is resident besides comes and goes with the garbage. */
function heldBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

// Safe: V8 hands out its collector while the flag is on.
const collect = (() => {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  return gc as () => void;
})();

const WAYS = ["stdout", "stderr", "log", "progress", "requests", "writes", "events"] as const;

describe.each(["attacker/floods", "attacker/floods-python"])("A flood of %s", (id) => {
  test.each(WAYS)("of %s leaves the others served and the host small", async (way) => {
    logs.length = 0;
    let told = 0;
    const startedAt = performance.now();
    const call = codeOf(
      bench.host.call(id, "flood", { way, ms: FLOOD_MS }, { timeoutMs: 4_000, onProgress: () => told++ }),
    );
    const { slowestMs, megabytes } = await beside(call);
    expect(await call).toMatch(/^(answered|TIMEOUT)$/);
    expect(slowestMs).toBeLessThan(BEARABLE_MS);
    expect(megabytes).toBeLessThan(BEARABLE_MEGABYTES);
    const seconds = (performance.now() - startedAt) / 1_000;
    // A second's worth at once, then so many a second; what was dropped is said with the next.
    expect(logs.length).toBeLessThanOrEqual(LINES_PER_SECOND * (seconds + 1) + 5);
    expect(told).toBeLessThan(1_000 * seconds);
    expect(await bench.host.call(id, "flood", { way: "log", ms: 0 }, { timeoutMs: 4_000 })).toBe(
      "said it all",
    );
  });

  test("of items that nobody reads is held back", async () => {
    // Safe: the action answers with a stream of items.
    const items = (await bench.host.call(id, "items", null, {
      timeoutMs: 3_000,
    })) as AsyncIterableIterator<string>;
    await items.next();
    const { slowestMs, megabytes } = await beside(new Promise((resolve) => setTimeout(resolve, FLOOD_MS)));
    expect(slowestMs).toBeLessThan(BEARABLE_MS);
    expect(megabytes).toBeLessThan(BEARABLE_MEGABYTES);
    await items.return?.();
    expect(await bench.host.call(id, "flood", { way: "log", ms: 0 }, { timeoutMs: 4_000 })).toBe(
      "said it all",
    );
  });
});

test("A flood of events that a plugin does not take is dropped, counted, and hurts nobody", async () => {
  const publishing = (async () => {
    for (let at = 0; at < 20_000; at++) {
      await bench.host.publish("flood.slow", "x".repeat(500));
      if (at % 500 === 0) await nextTurn();
    }
  })();
  const { slowestMs, megabytes } = await beside(publishing);
  expect(slowestMs).toBeLessThan(BEARABLE_MS);
  expect(megabytes).toBeLessThan(BEARABLE_MEGABYTES);
  const dropped = await bench.until((event) => event.kind === "events-dropped");
  expect(dropped).toMatchObject({ plugin: "attacker/floods", count: expect.any(Number) });
});
