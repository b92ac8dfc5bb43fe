import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createGuestBench,
  type GuestBench,
  serving,
} from "../../../../test/plugins/host-behaviours/guest-bench.js";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";
import { FREE_RESTARTS } from "./restart-budget.js";

let before: Holdings;
let bench: GuestBench;
beforeEach(async () => {
  before = holdings();
  bench = await createGuestBench();
});
afterEach(async () => {
  await bench.close();
  expect(await leftSince(before)).toEqual([]);
});

const FRAGILE = serving(
  'if (m.params.payload === "crash") process.abort(); send({ id: m.id, result: process.pid });',
);
const DEFAULT = { restart: { crashes: 8, windowMs: 600_000 } };
const crash = async (plugin: Parameters<GuestBench["call"]>[0]) =>
  (await bench.failureOf(bench.call(plugin, {}, '"crash"'))).code;
/** So often that the next failure costs a wait. */
const crashForFree = async (plugin: Parameters<GuestBench["call"]>[0]) => {
  for (let time = 0; time < FREE_RESTARTS; time++) expect(await crash(plugin)).toBe("CRASHED");
};

describe("a plugin that crashes", () => {
  it("is started again at once when a call needs it, after a few times only after a while", async () => {
    const plugin = await bench.createPlugin(FRAGILE, {}, DEFAULT);
    await crashForFree(plugin);
    expect(bench.supervisor.status(plugin)).toMatchObject({
      state: "installed",
      failures: FREE_RESTARTS,
      guests: [],
    });
    expect(await crash(plugin)).toBe("CRASHED");
    const error = await bench.failureOf(bench.call(plugin));
    expect(error).toMatchObject({ code: "PLUGIN_UNAVAILABLE", about: { retryable: true } });
    const { retryAfterMs } = error.data;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(1_000);
    expect(bench.supervisor.status(plugin)).toMatchObject({
      state: "backing-off",
      failure: { code: "CRASHED", fault: "plugin" },
    });
    await wait(Number(retryAfterMs) + 20);
    expect(await bench.call(plugin)).toEqual(expect.any(Number));
    const states = bench.events.flatMap((event) => (event.kind === "state" ? [event.to] : []));
    expect(states).toEqual([
      ...Array.from({ length: FREE_RESTARTS }, () => ["starting", "ready", "crashed", "installed"]).flat(),
      "starting",
      "ready",
      "crashed",
      "backing-off",
      "installed",
      "starting",
      "ready",
    ]);
  });

  it("goes on in its other guests while it backs off", async () => {
    const plugin = await bench.createPlugin(FRAGILE, {}, DEFAULT);
    const other = { tenant: "other", shareKey: "other" };
    const pid = await bench.call(plugin, other);
    await crashForFree(plugin);
    await crash(plugin);
    expect(await bench.call(plugin, other)).toBe(pid);
    expect((await bench.failureOf(bench.call(plugin))).code).toBe("PLUGIN_UNAVAILABLE");
  });

  it("for one tenant only is kept from that tenant only, however often it crashes", async () => {
    const plugin = await bench.createPlugin(FRAGILE, {}, { restart: { crashes: 2, windowMs: 600_000 } });
    const other = { tenant: "other", shareKey: "other" };
    expect(await bench.call(plugin, other)).toEqual(expect.any(Number));
    for (let time = 0; time < 2; time++) expect(await crash(plugin)).toBe("CRASHED");
    expect(await bench.failureOf(bench.call(plugin))).toMatchObject({
      code: "PLUGIN_UNAVAILABLE",
      data: { last: { code: "CRASHED" } },
    });
    // Those who are not there yet, too.
    const third = { tenant: "third", shareKey: "third" };
    expect(await bench.call(plugin, third)).toEqual(expect.any(Number));
    expect(bench.supervisor.status(plugin).state).toBe("ready");
    await bench.supervisor.restart(plugin);
    expect(await bench.call(plugin)).toEqual(expect.any(Number));
  });

  it("in a loop is put into quarantine, which names the reason and is left by a release", async () => {
    const plugin = await bench.createPlugin(FRAGILE, {}, { restart: { crashes: 2, windowMs: 600_000 } });
    await crash(plugin);
    await crash(plugin);
    const error = await bench.failureOf(bench.call(plugin));
    expect(error).toMatchObject({
      code: "PLUGIN_QUARANTINED",
      message: expect.stringContaining("CRASHED"),
      hint: expect.stringContaining("release"),
      data: { last: { code: "CRASHED" } },
    });
    expect((await bench.failureOf(bench.supervisor.restart(plugin))).code).toBe("PLUGIN_QUARANTINED");
    expect((await bench.failureOf(bench.supervisor.start(plugin, "main"))).code).toBe("PLUGIN_QUARANTINED");
    expect(bench.events.map(({ kind }) => kind)).toContain("quarantined");
    await bench.supervisor.release(plugin);
    expect(await bench.call(plugin)).toEqual(expect.any(Number));
    await crash(plugin);
    expect(await bench.call(plugin)).toEqual(expect.any(Number));
  });

  it("while it starts counts too", async () => {
    const plugin = await bench.createPlugin(
      "process.exit(3);",
      {},
      { restart: { crashes: 2, windowMs: 600_000 } },
    );
    expect((await bench.failureOf(bench.call(plugin))).code).toBe("START_FAILED");
    expect((await bench.failureOf(bench.call(plugin))).code).toBe("START_FAILED");
    expect((await bench.failureOf(bench.call(plugin))).code).toBe("PLUGIN_QUARANTINED");
  });

  it("is kept from nobody else where each call has a guest of its own", async () => {
    const plugin = await bench.createPlugin(
      FRAGILE,
      {},
      { share: "call", restart: { crashes: 2, windowMs: 600_000 } },
    );
    for (let time = 0; time < 3; time++) expect(await crash(plugin)).toBe("CRASHED");
    expect(await bench.call(plugin)).toEqual(expect.any(Number));
  });

  it("and is to be kept ready is started again by itself", async () => {
    const plugin = await bench.createPlugin(
      FRAGILE,
      {},
      { ...DEFAULT, instances: { min: 1, max: 1, idleMs: 60_000, standby: 0 } },
    );
    const pid = await bench.call(plugin);
    await crash(plugin);
    const pids = () => bench.events.flatMap((event) => (event.kind === "guest-started" ? [event.pid] : []));
    await expect.poll(() => pids().length).toBe(2);
    expect(bench.supervisor.status(plugin)).toMatchObject({ state: "ready", guests: [{}] });
    expect(pid).toEqual(expect.any(Number));
  });
});

describe("restart", () => {
  it("replaces the guests once their calls are done, and fails no call", async () => {
    const plugin = await bench.createPlugin(
      serving("setTimeout(() => send({ id: m.id, result: process.pid }), 200);"),
    );
    const first = bench.call(plugin);
    await expect.poll(() => bench.supervisor.status(plugin).guests[0]?.calls).toBe(1);
    const [old] = bench.supervisor.status(plugin).guests;
    // Nobody waits for the calls that the old ones still have.
    await bench.supervisor.restart(plugin);
    expect(bench.supervisor.status(plugin).guests).toMatchObject([{ condition: "draining", calls: 1 }]);
    await Promise.all([first, bench.call(plugin)]);
    await expect
      .poll(() => bench.supervisor.status(plugin).guests.map(({ condition }) => condition))
      .toEqual(["ready"]);
    expect(bench.supervisor.status(plugin).guests[0]?.pid).not.toBe(old?.pid);
    expect(bench.supervisor.status(plugin).failures).toBe(0);
  });

  it("ends a wait after failures", async () => {
    const plugin = await bench.createPlugin(FRAGILE, {}, DEFAULT);
    await crashForFree(plugin);
    await crash(plugin);
    expect((await bench.failureOf(bench.call(plugin))).code).toBe("PLUGIN_UNAVAILABLE");
    await bench.supervisor.restart(plugin);
    expect(await bench.call(plugin)).toEqual(expect.any(Number));
  });
});

describe("withoutGuests()", () => {
  it("does its work while no guest of the tenant lives, and calls wait for it", async () => {
    const plugin = await bench.createPlugin(serving("send({ id: m.id, result: process.pid });"));
    const other = { tenant: "other", shareKey: "other" };
    await bench.call(plugin);
    const [guest] = bench.supervisor.status(plugin).guests;
    await bench.call(plugin, other);
    let call: Promise<unknown> | undefined;
    await bench.supervisor.withoutGuests(plugin, "main", async () => {
      const tenants = bench.supervisor.status(plugin).guests.map(({ tenant }) => tenant);
      expect(tenants).toEqual(["other"]);
      call = bench.call(plugin);
      await wait(200);
      expect(bench.supervisor.status(plugin).guests).toHaveLength(1);
    });
    await call;
    const again = bench.supervisor.status(plugin).guests.find(({ tenant }) => tenant === "main");
    expect(again?.pid).not.toBe(guest?.pid);
  });
});
