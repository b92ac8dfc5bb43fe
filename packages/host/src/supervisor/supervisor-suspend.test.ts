import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createGuestBench,
  type GuestBench,
  serving,
  WELCOME,
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

/** Counts its own time, tells its hooks in the log, and answers after the payload's milliseconds. */
const LIVELY = `
  let ticks = 0;
  setInterval(() => { ticks++; }, 10);
  function on(m) {
    ${WELCOME}
    if (m.method === "suspend" || m.method === "resume") { console.log(m.method); return send({ id: m.id, result: {} }); }
    if (m.method === "shutdown") return process.exit(0);
    if (m.method === "call") setTimeout(() => send({ id: m.id, result: ticks }), m.params.payload);
  }`;

const pidOf = (plugin: LoadedPlugin): number => {
  const [guest] = bench.supervisor.status(plugin).guests;
  if (guest === undefined) throw new Error("no guest");
  return guest.pid;
};

/** Processor time of the guest, ticks: a guest that stands still uses none. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

describe("a suspended plugin", () => {
  it("stands still, refuses calls, and goes on where it was", async () => {
    const plugin = await bench.createPlugin(LIVELY);
    await bench.call(plugin, {}, "1");
    const pid = pidOf(plugin);
    await bench.supervisor.suspend(plugin);
    expect(bench.supervisor.status(plugin)).toMatchObject({
      state: "suspended",
      guests: [{ condition: "suspended", pid }],
    });
    const ticks = cpuTicks(pid);
    const error = await bench.failureOf(bench.call(plugin, {}, "1"));
    expect(error).toMatchObject({ code: "PLUGIN_SUSPENDED", hint: expect.stringContaining("resume") });
    expect(bench.supervisor.refusal(plugin)).toMatchObject({ code: "PLUGIN_SUSPENDED" });
    await wait(300);
    expect(cpuTicks(pid)).toBe(ticks);
    await bench.supervisor.resume(plugin);
    expect(await bench.call(plugin, {}, "1")).toEqual(expect.any(Number));
    expect(pidOf(plugin)).toBe(pid);
    expect(bench.logs.map(({ message }) => message)).toEqual(["suspend", "resume"]);
    expect(bench.supervisor.status(plugin).state).toBe("ready");
  });

  it("keeps the calls it has: the operator's limit waits for them", async () => {
    const plugin = await bench.createPlugin(LIVELY);
    await bench.call(plugin, {}, "1");
    // The operator's limit is two seconds.
    const pending = bench.call(plugin, { timeoutMs: 60_000 }, "500");
    const impatient = bench.failureOf(bench.call(plugin, { timeoutMs: 700 }, "500"));
    await wait(100);
    await bench.supervisor.suspend(plugin);
    expect(await impatient).toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("suspended meanwhile"),
    });
    await wait(2_500);
    const pid = pidOf(plugin);
    await bench.supervisor.resume(plugin);
    expect(await pending).toEqual(expect.any(Number));
    expect(await bench.call(plugin, {}, "1")).toEqual(expect.any(Number));
    expect(pidOf(plugin)).toBe(pid);
  });

  it("is held to the operator's limit again once it goes on", async () => {
    const plugin = await bench.createPlugin(LIVELY);
    await bench.call(plugin, {}, "1");
    const pending = bench.failureOf(bench.call(plugin, { timeoutMs: 60_000 }, "60000"));
    await bench.supervisor.suspend(plugin);
    await wait(2_200);
    const resumedAt = performance.now();
    await bench.supervisor.resume(plugin);
    expect((await pending).code).toBe("TIMEOUT");
    expect(performance.now() - resumedAt).toBeGreaterThan(1_500);
    await expect.poll(() => bench.supervisor.status(plugin).guests, { timeout: 3_000 }).toEqual([]);
  });

  it("gives a call in flight its answer after the resume, when the caller still waits", async () => {
    const plugin = await bench.createPlugin(LIVELY);
    await bench.call(plugin, {}, "1");
    const pending = bench.call(plugin, {}, "300");
    await wait(50);
    await bench.supervisor.suspend(plugin);
    await wait(500);
    await bench.supervisor.resume(plugin);
    expect(await pending).toEqual(expect.any(Number));
  });

  it("that dies meanwhile is noticed, and started anew after the resume", async () => {
    const plugin = await bench.createPlugin(LIVELY);
    const pending = bench.failureOf(bench.call(plugin, {}, "1500"));
    await expect.poll(() => bench.supervisor.status(plugin).guests[0]?.calls).toBe(1);
    await bench.supervisor.suspend(plugin);
    process.kill(pidOf(plugin), "SIGKILL");
    expect((await pending).code).toBe("CRASHED");
    await expect.poll(() => bench.supervisor.status(plugin).guests).toEqual([]);
    expect(bench.supervisor.status(plugin).state).toBe("suspended");
    await bench.supervisor.resume(plugin);
    expect(await bench.call(plugin, {}, "1")).toEqual(expect.any(Number));
  });

  it("is suspended also where its guest was still starting", async () => {
    const plugin = await bench.createPlugin(LIVELY);
    const pending = bench.failureOf(bench.call(plugin, {}, "1"));
    await bench.supervisor.suspend(plugin);
    expect((await pending).code).toBe("PLUGIN_SUSPENDED");
    await expect.poll(() => bench.supervisor.status(plugin).guests[0]?.condition).toBe("suspended");
    await bench.supervisor.resume(plugin);
    expect(await bench.call(plugin, {}, "1")).toEqual(expect.any(Number));
  });

  it("takes what operators ask one after the other", async () => {
    const plugin = await bench.createPlugin(LIVELY);
    await bench.call(plugin, {}, "1");
    const { supervisor } = bench;
    await Promise.all([
      supervisor.suspend(plugin),
      supervisor.resume(plugin),
      supervisor.suspend(plugin),
      supervisor.suspend(plugin),
      supervisor.resume(plugin),
    ]);
    expect(await bench.call(plugin, {}, "1")).toEqual(expect.any(Number));
  });

  it("ends with the host, calls and all", async () => {
    const plugin = await bench.createPlugin(LIVELY);
    await bench.call(plugin, {}, "1");
    const pending = bench.failureOf(bench.call(plugin, {}, "1500"));
    await bench.supervisor.suspend(plugin);
    const startedAt = performance.now();
    await bench.supervisor.close();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect((await pending).code).toBe("KILLED");
  });

  it("is unloaded without waiting for what stands still", async () => {
    const plugin = await bench.createPlugin(LIVELY);
    await bench.call(plugin, {}, "1");
    const pending = bench.failureOf(bench.call(plugin, {}, "1500"));
    await bench.supervisor.suspend(plugin);
    await bench.supervisor.unload(plugin);
    expect((await pending).code).toBe("KILLED");
    expect((await bench.failureOf(bench.call(plugin, {}, "1"))).code).toBe("PLUGIN_UNAVAILABLE");
  });
});

describe("a plugin whose hook hangs", () => {
  it("is suspended all the same", async () => {
    const plugin = await bench.createPlugin(serving("send({ id: m.id, result: 1 });"));
    await bench.call(plugin);
    await bench.supervisor.suspend(plugin);
    expect(bench.supervisor.status(plugin).guests[0]?.condition).toBe("suspended");
    await bench.supervisor.resume(plugin);
    expect(await bench.call(plugin)).toBe(1);
  });
});
