import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createGuestBench,
  type GuestBench,
  serving,
} from "../../../../test/plugins/host-behaviours/guest-bench.js";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";
import type { LoadedPlugin } from "./plugin.js";

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

/** Answers with a number that each guest draws for itself, after the payload's milliseconds. */
const NAMED = `const name = Math.random(); ${serving("setTimeout(() => send({ id: m.id, result: name }), m.params.payload ?? 0);")}`;
const INSTANCES = { min: 0, max: 1, idleMs: 60_000, standby: 0 };
const guests = (plugin: LoadedPlugin) => bench.supervisor.status(plugin).guests;
const standbys = (plugin: LoadedPlugin) => guests(plugin).filter(({ isStandby }) => isStandby);
const of = (tenant: string) => ({ tenant, shareKey: tenant });

describe("instances", () => {
  it("are started up to the most there may be, and the one with least to do gets the call", async () => {
    const plugin = await bench.createPlugin(
      NAMED,
      { concurrency: 1 },
      { instances: { ...INSTANCES, max: 3 } },
    );
    const names = await Promise.all([1, 2, 3].map(() => bench.call(plugin, {}, "600")));
    expect(new Set(names).size).toBe(3);
    expect(guests(plugin)).toHaveLength(3);
    const busy = [1, 2, 3].map(() => bench.call(plugin, {}, "400"));
    expect(bench.supervisor.hasRoom(plugin, "main")).toBe(false);
    expect((await bench.failureOf(bench.call(plugin))).code).toBe("OVERLOADED");
    await Promise.all(busy);
    expect(bench.supervisor.hasRoom(plugin, "main")).toBe(true);
    expect(guests(plugin).map(({ served }) => served)).toEqual([2, 2, 2]);
  });

  it("above the least there are end when they have nothing to do", async () => {
    const plugin = await bench.createPlugin(
      NAMED,
      { concurrency: 1 },
      { instances: { min: 1, max: 2, idleMs: 1_000, standby: 0 } },
    );
    await Promise.all([bench.call(plugin, {}, "300"), bench.call(plugin, {}, "300")]);
    expect(guests(plugin)).toHaveLength(2);
    await expect.poll(() => guests(plugin).length, { timeout: 5_000 }).toBe(1);
    await wait(1_500);
    expect(guests(plugin)).toHaveLength(1);
  });

  it("are another tenant's never", async () => {
    const plugin = await bench.createPlugin(NAMED, {}, { instances: { ...INSTANCES, max: 2 } });
    const names = await Promise.all(
      ["a", "b", "a", "b"].map((tenant) => bench.call(plugin, of(tenant), "50")),
    );
    expect(names[0]).not.toBe(names[1]);
    expect(guests(plugin).map(({ tenant }) => tenant)).toEqual(expect.arrayContaining(["a", "b"]));
    const again = await Promise.all(["a", "b"].map((tenant) => bench.call(plugin, of(tenant))));
    expect(again[0]).not.toBe(again[1]);
  });

  it("that all tenants share see files of their own, and are told whose call it is", async () => {
    const plugin = await bench.createPlugin(
      serving("send({ id: m.id, result: m.params.tenant });"),
      {},
      { share: "plugin" },
    );
    const tenants = await Promise.all(
      ["a", "b"].map((tenant) => bench.call(plugin, { tenant, shareKey: "" })),
    );
    expect(tenants).toEqual(["a", "b"]);
    expect(guests(plugin).map(({ tenant }) => tenant)).toEqual(["_shared"]);
  });
});

describe("standbys", () => {
  it("are started in the background, serve the first call, and are replaced", async () => {
    const plugin = await bench.createPlugin(NAMED, {}, { instances: { ...INSTANCES, standby: 1 } });
    await bench.supervisor.add(plugin);
    await expect.poll(() => standbys(plugin).length).toBe(1);
    const [standby] = standbys(plugin);
    expect(standby).toMatchObject({ tenant: "main", served: 0, condition: "ready" });
    expect(bench.supervisor.readyGuests(plugin, "main")).toEqual([]);
    await bench.call(plugin);
    expect(guests(plugin).find(({ served }) => served === 1)?.pid).toBe(standby?.pid);
    await expect.poll(() => standbys(plugin).length).toBe(1);
    expect(standbys(plugin)[0]?.pid).not.toBe(standby?.pid);
  });

  it.each(["tenant", "call"] as const)(
    "are taken over on their way by a call that needs one, with share %s",
    async (share) => {
      const plugin = await bench.createPlugin(NAMED, {}, { share, instances: { ...INSTANCES, standby: 1 } });
      await bench.supervisor.add(plugin);
      await bench.call(plugin);
      const started = bench.events.filter(({ kind }) => kind === "guest-started");
      expect(started).toEqual([expect.objectContaining({ isStandby: true })]);
      await expect.poll(() => standbys(plugin).length).toBe(1);
    },
  );

  it("are those tenants' who needed a guest last, and nobody else's", async () => {
    const plugin = await bench.createPlugin(NAMED, {}, { instances: { ...INSTANCES, standby: 2 } });
    for (const tenant of ["a", "b", "c"]) await bench.call(plugin, of(tenant));
    await expect
      .poll(() =>
        standbys(plugin)
          .map(({ tenant }) => tenant)
          .sort(),
      )
      .toEqual(["b", "c"]);
    await bench.call(plugin, of("d"));
    expect(guests(plugin).filter(({ tenant, served }) => tenant !== "d" && served === 0)).toEqual(
      expect.not.arrayContaining([expect.objectContaining({ tenant: "d" })]),
    );
  });

  it("serve one call each where every call has a fresh guest", async () => {
    const plugin = await bench.createPlugin(
      NAMED,
      {},
      { share: "call", instances: { ...INSTANCES, standby: 2 } },
    );
    await bench.supervisor.add(plugin);
    await expect.poll(() => standbys(plugin).length).toBe(2);
    const pids = standbys(plugin).map(({ pid }) => pid);
    const startedAt = performance.now();
    const names = await Promise.all([bench.call(plugin), bench.call(plugin)]);
    expect(performance.now() - startedAt).toBeLessThan(25);
    expect(new Set(names).size).toBe(2);
    await expect.poll(() => guests(plugin).filter(({ pid }) => pids.includes(pid))).toEqual([]);
    await expect.poll(() => standbys(plugin).length).toBe(2);
    expect(await bench.call(plugin, of("other"))).not.toBe(names[0]);
  });
});

describe("samples", () => {
  it("tell each second what a guest uses, and warn once where it comes near a limit", async () => {
    const plugin = await bench.createPlugin(
      serving(
        "globalThis.kept = Buffer.alloc(m.params.payload * 1024 ** 2, 1); send({ id: m.id, result: 1 });",
      ),
      { memoryBytes: 128 * 1024 ** 2 },
    );
    await bench.call(plugin, {}, "1");
    const samples = () => bench.supervisor.samples(plugin)[0];
    await expect.poll(() => samples()?.history.length, { timeout: 5_000 }).toBeGreaterThan(1);
    expect(samples()?.last).toMatchObject({
      memoryBytes: expect.any(Number),
      cpuMs: expect.any(Number),
      processes: 1,
      threads: expect.any(Number),
      files: expect.any(Number),
      scratchBytes: expect.any(Number),
      ioReadBytes: expect.any(Number),
      ioWriteBytes: expect.any(Number),
      brokeredBytes: 0,
      connections: 0,
      calls: 0,
    });
    const used = samples()?.last?.memoryBytes ?? 0;
    const mb = Math.floor((128 * 1024 ** 2 * 0.86 - used) / 1024 ** 2);
    await bench.call(plugin, {}, String(mb));
    const warnings = () =>
      bench.events.filter((event) => event.kind === "usage-warning" && event.resource === "memory");
    await expect.poll(() => warnings().length, { timeout: 5_000 }).toBe(1);
    expect(warnings()[0]).toMatchObject({ percent: 80, limit: 128 * 1024 ** 2, tenant: "main" });
    await wait(2_200);
    expect(warnings()).toHaveLength(1);
    expect(samples()?.peak.memoryBytes).toBeGreaterThan(samples()?.average.memoryBytes ?? 0);
  });
});
