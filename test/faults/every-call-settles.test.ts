import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type CallTrace, isPaddockError, type MetricsSnapshot } from "@paddock/host";
import { afterEach, beforeEach, expect, test } from "vitest";
import { copyPlugin, endProcess, type FaultBench, OPERATOR, openFaultBench } from "./fault-bench.js";
import { createRandom, type Random } from "./random.js";

/** `PADDOCK_SETTLE_SEED` repeats a run; `PADDOCK_SETTLE_MS` gives it more time. */
const SEED = Number(process.env.PADDOCK_SETTLE_SEED ?? Date.now() % 1_000_000);
const RUN_MS = Number(process.env.PADDOCK_SETTLE_MS ?? 8_000);
/** Longer than any deadline below. */
const ALL_SETTLED_WITHIN_MS = 15_000;
const CALLERS = 24;
const TENANTS = ["a", "b", "c"] as const;
const ID = "faults/mixed";

let bench: FaultBench;
let folder = "";
const traces: CallTrace[] = [];
beforeEach(async () => {
  bench = await openFaultBench({
    telemetry: true,
    limits: { timeout: "2s", startTimeout: "5s", concurrency: 4 },
    defaults: {
      instances: { max: 2, standby: 1 },
      restart: { crashes: 8, window: "2s" },
      breaker: { failures: 20, openFor: "200ms" },
      retry: { attempts: 2, backoff: "10ms" },
      queue: { size: 16 },
    },
    onTrace: (trace) => traces.push(trace),
  });
  folder = join(bench.directory, "mixed");
  await copyPlugin("fails-at", folder, ID, { "moment.json": {} });
  await bench.host.load(folder);
});
afterEach(async () => bench.close());

/** How often each call was settled, and how; `undefined` is one that has not been yet. */
const outcomes = new Map<number, string>();
let settledTwice = 0;
let begun = 0;

/** One call of a random kind; throws when its answer is not its own. */
async function callSomething(random: Random): Promise<void> {
  const number = ++begun;
  const settle = (outcome: string) => {
    if (outcomes.has(number)) settledTwice++;
    outcomes.set(number, outcome);
  };
  const abort = new AbortController();
  const options = {
    tenant: random.pick(TENANTS),
    timeoutMs: random.pick([1, 5, 50, 500, 5_000]),
    ...(random.chance(0.2) ? { signal: abort.signal } : {}),
  };
  if ("signal" in options) setTimeout(() => abort.abort(), random.upTo(30));
  const host = bench.host;
  const kinds = [
    async () => expect(await host.call(ID, "call", number, options)).toBe(number),
    async () => expect(await host.call(ID, "slow", random.upTo(40), options)).toEqual(expect.any(Number)),
    async () => expect(await host.call(ID, "request", number, options)).toBe(number),
    async () => {
      const items: unknown[] = [];
      // Safe: the action answers with a stream of items.
      for await (const item of (await host.call(ID, "write", null, options)) as AsyncIterable<unknown>)
        items.push(item);
      expect(items).toEqual([0, 1, 2, 3]);
    },
    async () => {
      const bytes = new Blob([new Uint8Array(number % 5_000)]).stream();
      expect(await host.call(ID, "read", bytes, options)).toBe(number % 5_000);
    },
  ];
  await random
    .pick(kinds)()
    .then(
      () => settle("ok"),
      (error: unknown) => {
        settle(isPaddockError(error) ? error.code : `not ours: ${String(error)}`);
        // What is refused at once would be refused a thousand times.
        return wait(5);
      },
    );
}

/** What happens to the plugin meanwhile. Whatever it is refused for, it is refused with one of our errors. */
async function disturb(random: Random): Promise<void> {
  const { admin } = bench.host;
  const disturbances = [
    async () => {
      const victim = random.pick(await bench.host.posture(ID));
      if (victim !== undefined) endProcess(victim.pid);
    },
    async () => {
      await admin.suspend(OPERATOR, ID);
      await wait(random.upTo(60));
      await admin.resume(OPERATOR, ID);
    },
    () => bench.host.load(folder),
    () => admin.restart(OPERATOR, ID),
    () => admin.release(OPERATOR, ID),
  ];
  await random
    .pick(disturbances)()
    .catch((error: unknown) => {
      if (!isPaddockError(error)) throw error;
    });
}

test(
  `Every call settles exactly once, whatever happens (seed ${SEED})`,
  async () => {
    const random = createRandom(SEED);
    const until = performance.now() + RUN_MS;
    const isOver = () => performance.now() > until;
    const callers = Array.from({ length: CALLERS }, async () => {
      while (!isOver()) await callSomething(random);
    });
    const disturber = (async () => {
      while (!isOver()) {
        await disturb(random);
        await wait(random.upTo(150));
      }
    })();
    const late = new AbortController();
    const first = await Promise.race([
      Promise.all([...callers, disturber]),
      wait(RUN_MS + ALL_SETTLED_WITHIN_MS, "some calls never settled", { signal: late.signal }),
    ]);
    late.abort();
    expect(first).not.toBe("some calls never settled");
    expect(settledTwice).toBe(0);
    expect(outcomes.size).toBe(begun);
    const found = [...new Set(outcomes.values())];
    expect(found.filter((outcome) => outcome.startsWith("not ours"))).toEqual([]);
    expect(found).toEqual(expect.arrayContaining(["ok", "TIMEOUT", "CANCELLED"]));

    await bench.host.admin.release(OPERATOR, ID);
    // It may still be in one of its waits.
    await expect
      .poll(() => bench.host.call(ID, "call", "after").catch(String), { timeout: 5_000 })
      .toBe("after");
    await expect.poll(() => gauge("paddock_calls_in_flight"), { timeout: 5_000 }).toBe(0);
    expect(gauge("paddock_queue_length")).toBe(0);
    // Each call was counted once, and told to the application once.
    const mine = traces.filter(({ plugin }) => plugin === ID).length;
    expect(sum(bench.host.metrics(), "paddock_calls_total")).toBe(mine);
    expect(mine).toBeGreaterThanOrEqual(begun);
    await bench.assertOthersServed();
  },
  RUN_MS + ALL_SETTLED_WITHIN_MS + 15_000,
);

function gauge(name: string): number {
  return sum(bench.host.metrics(), name);
}

function sum({ families }: MetricsSnapshot, name: string): number {
  const samples = families.find((family) => family.name === name)?.samples ?? [];
  const own = samples.filter(({ labels }) => labels.plugin === ID);
  return own.reduce((total, { value }) => total + (typeof value === "number" ? value : value.count), 0);
}
