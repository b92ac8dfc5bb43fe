import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createGuestBench,
  type GuestBench,
  serving,
} from "../../../../test/plugins/host-behaviours/guest-bench.js";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";

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

const GREETING = 'if (m.method === "initialize") return welcome(m);';
const QUICK = { health: { intervalMs: 100, timeoutMs: 150, failures: 2 } };
const kinds = () => bench.events.map(({ kind }) => kind);

describe("the first health check", () => {
  it("is waited for: a guest that does not answer it was not ready in time", async () => {
    const plugin = await bench.createPlugin(`function on(m) { ${GREETING} }`, { startTimeoutMs: 800 });
    expect(await bench.failureOf(bench.call(plugin))).toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("not ready within 800 ms"),
    });
    expect(bench.supervisor.status(plugin)).toMatchObject({ guests: [], failures: 1 });
  });

  it("is repeated until the plugin wants calls", async () => {
    const plugin = await bench.createPlugin(
      `let pings = 0; function on(m) { ${GREETING}
        if (m.method === "ping") return send({ id: m.id, result: { ready: ++pings === 3 } });
        if (m.method === "call") send({ id: m.id, result: pings }); }`,
    );
    expect(await bench.call(plugin)).toBe(3);
  });
});

describe("a guest with nothing to do", () => {
  it("that falls silent is ended and replaced", async () => {
    const plugin = await bench.createPlugin(
      `let pings = 0; function on(m) { ${GREETING}
        if (m.method === "ping") return ++pings > 1 ? undefined : send({ id: m.id, result: { ready: true } });
        if (m.method === "call") send({ id: m.id, result: process.pid }); }`,
      {},
      QUICK,
    );
    await bench.call(plugin);
    await expect.poll(kinds, { timeout: 3_000 }).toContain("guest-ended");
    expect(bench.events).toContainEqual(
      expect.objectContaining({
        kind: "guest-ended",
        failure: expect.objectContaining({ code: "UNRESPONSIVE", fault: "plugin" }),
      }),
    );
    expect(bench.events.filter(({ kind }) => kind === "health-check-failed")).toHaveLength(2);
    const [first] = bench.events.filter((event) => event.kind === "guest-started");
    await bench.call(plugin);
    const started = bench.events.filter((event) => event.kind === "guest-started");
    expect(started).toHaveLength(2);
    expect(started[1]?.pid).not.toBe(first?.pid);
  });

  it("that answers is left alone", async () => {
    const plugin = await bench.createPlugin(serving("send({ id: m.id, result: 1 });"), {}, QUICK);
    await bench.call(plugin);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(kinds()).not.toContain("health-check-failed");
    expect(bench.supervisor.status(plugin).guests).toHaveLength(1);
  });
});

describe("a guest at work", () => {
  it("may be too busy to answer health checks for as long as its call may take", async () => {
    const plugin = await bench.createPlugin(
      serving("const end = Date.now() + 900; while (Date.now() < end); send({ id: m.id, result: 'done' });"),
      { cpuCores: 2 },
      QUICK,
    );
    expect(await bench.call(plugin)).toBe("done");
    expect(kinds()).not.toContain("health-check-failed");
  });
});

describe("a plugin that says it is not ready", () => {
  it("gets no calls until it is, in the same guest", async () => {
    const plugin = await bench.createPlugin(
      `let ready = true; function on(m) { ${GREETING}
        if (m.method === "ping") return send({ id: m.id, result: { ready } });
        if (m.method === "call") {
          ready = false;
          setTimeout(() => { ready = true; }, 700);
          send({ id: m.id, result: "served" });
        } }`,
      {},
      QUICK,
    );
    expect(await bench.call(plugin)).toBe("served");
    await expect.poll(() => bench.supervisor.status(plugin).guests[0]?.condition).toBe("not-ready");
    expect(await bench.failureOf(bench.call(plugin))).toMatchObject({
      code: "PLUGIN_UNAVAILABLE",
      message: expect.stringContaining("not ready"),
      data: { retryAfterMs: expect.any(Number) },
    });
    expect(bench.supervisor.hasRoom(plugin, "main")).toBe(true);
    await expect.poll(() => bench.supervisor.status(plugin).guests[0]?.condition).toBe("ready");
    expect(await bench.call(plugin)).toBe("served");
    expect(bench.events.filter(({ kind }) => kind === "guest-started")).toHaveLength(1);
    expect(
      bench.events.flatMap((event) => (event.kind === "guest-readiness" ? [event.isReady] : [])).slice(0, 2),
    ).toEqual([false, true]);
  });
});
