import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { codeOf, type FaultBench, OPERATOR, openFaultBench } from "./fault-bench.js";

let bench: FaultBench;
beforeEach(async () => {
  bench = await openFaultBench({
    defaults: {
      instances: { standby: 1 },
      restart: { crashes: 1_000, window: "1s" },
      retry: { attempts: 1 },
    },
  });
});
afterEach(async () => bench.close());

async function guestsOf(id: string) {
  return (await bench.host.admin.get(OPERATOR, id)).guests;
}

async function endOf(id: string, pid: number | undefined): Promise<void> {
  await bench.until((event) => event.kind === "guest-ended" && event.plugin === id && event.pid === pid);
}

describe("A guest that is ended from outside", () => {
  test("while it is suspended is replaced after the resume, and its calls learn of it", async () => {
    const id = await bench.load("fails-at", "faults/frozen", { "moment.json": {} });
    await bench.host.call(id, "call");
    const pending = codeOf(bench.host.call(id, "slow", 60_000));
    await bench.host.admin.suspend(OPERATOR, id);
    for (const { pid } of await guestsOf(id)) {
      process.kill(pid, "SIGKILL");
      await endOf(id, pid);
    }
    expect(await pending).toBe("CRASHED");
    expect(await codeOf(bench.host.call(id, "call"))).toBe("PLUGIN_SUSPENDED");
    expect((await bench.host.admin.get(OPERATOR, id)).state).toBe("suspended");
    await bench.host.admin.resume(OPERATOR, id);
    expect(await bench.host.call(id, "call", "again")).toBe("again");
    await bench.assertOthersServed();
  });

  test("while it is a standby is replaced, and no call notices", async () => {
    const id = await bench.load("fails-at", "faults/standby", { "moment.json": {} });
    // One guest for the calls, so that the standby is nobody's.
    await bench.host.call(id, "call");
    for (let round = 0; round < 3; round++) {
      const hasStandby = async () => (await guestsOf(id)).some((guest) => guest.isStandby);
      await expect.poll(hasStandby, { timeout: 5_000 }).toBe(true);
      const standby = (await guestsOf(id)).find((guest) => guest.isStandby);
      if (standby === undefined) continue;
      const outcomes = Array.from({ length: 5 }, () => codeOf(bench.host.call(id, "slow", 20)));
      process.kill(standby.pid, "SIGKILL");
      expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["answered"]));
      await endOf(id, standby.pid);
    }
    expect(await codeOf(bench.host.call(id, "call"))).toBe("answered");
    await bench.assertOthersServed();
  });

  test("in the middle of many calls ends each of them once, and the next ones are served", async () => {
    const id = await bench.load("fails-at", "faults/middle", { "moment.json": {} });
    await bench.host.call(id, "call");
    let settled = 0;
    const calls = Array.from({ length: 20 }, () =>
      codeOf(bench.host.call(id, "slow", 5_000)).finally(() => settled++),
    );
    const used = (await guestsOf(id)).find((guest) => !guest.isStandby);
    if (used !== undefined) process.kill(used.pid, "SIGKILL");
    const codes = await Promise.all(calls);
    expect(settled).toBe(20);
    // One of them is told that its guest crashed; nobody can know which one it was.
    expect(new Set(codes)).toEqual(new Set(["CRASHED", "GUEST_RECYCLED"]));
    expect(await bench.host.call(id, "call", 1)).toBe(1);
  });
});
