import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, openArena } from "./arena.js";

describe("A guest's share of the machine", () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena({
      interpreter: { guards: false },
      limits: { timeout: "6s", cpu: 0.25, cpuTime: "2s", concurrency: 32 },
    });
  });
  afterAll(async () => arena?.close());

  test("never-returns gets no more of a processor than its share", async () => {
    await arena.host.unload("attacker/bystander");
    await arena.attack("never-returns", { way: "deaf", ms: 1 }, { tenant: "share" });
    const used = async () =>
      (await arena.host.posture("attacker/never-returns")).find(({ tenant }) => tenant === "share")?.usage
        .cpuMs ?? 0;
    const before = await used();
    const spin = arena.attack("never-returns", { way: "spin" }, { tenant: "share", timeoutMs: 2_000 });
    await wait(1_500);
    // Sampled where no control group shares it out, so with some room.
    expect((await used()) - before).toBeLessThan(1_500 * 0.25 * 1.8);
    expect(await spin).toMatchObject({ kind: "refused" });
  });

  test("never-returns is ended when its processor time is used up", async () => {
    // At a quarter of a processor it takes its two seconds in eight.
    const patient = await openArena({
      interpreter: { guards: false },
      limits: { cpu: 2, cpuTime: "1s", timeout: "15s" },
    });
    const outcome = await patient.attack("never-returns", { way: "spin" });
    expect(outcome).toMatchObject({
      kind: "refused",
      code: "CPU_LIMIT",
      data: { evidence: { limit: 1_000 } },
    });
    await patient.assertUnharmed();
    await patient.close();
  });

  test("a flood of callers is refused, not queued without end", async () => {
    await arena.attack("never-returns", { way: "deaf", ms: 1 }, { tenant: "crowd" });
    const calls = Array.from({ length: 2_000 }, () =>
      arena.host
        .call("attacker/never-returns", "attack", { way: "deaf", ms: 50 }, { tenant: "crowd" })
        .catch((error: { code: string }) => error.code),
    );
    const results = await Promise.all(calls);
    // In the guest at once, and in the queue.
    const taken = 32 + 1_024;
    expect(results.filter((result) => result === "done").length).toBe(taken);
    expect(results.filter((result) => result === "OVERLOADED").length).toBe(2_000 - taken);
    await arena.assertUnharmed();
  });

  test("a flood of requests costs the host no stall", async () => {
    const line = '{"jsonrpc":"2.0","id":9,"method":"kv.get","params":{"call":1,"key":"x"}}\n';
    const delay = monitorEventLoopDelay({ resolution: 1 });
    await arena.attack("writes-raw-bytes", { parts: [], answers: true });
    delay.enable();
    const flood = arena.attack(
      "writes-raw-bytes",
      { parts: [{ text: line, times: 20_000 }], answers: true },
      { timeoutMs: 5_000 },
    );
    const pings: number[] = [];
    for (let at = 0; at < 20; at++) {
      const startedAt = performance.now();
      await arena.attack("bystander", at);
      pings.push(performance.now() - startedAt);
    }
    await flood;
    delay.disable();
    expect(delay.percentile(99) / 1e6).toBeLessThan(50);
    expect(pings.sort((a, b) => a - b)[10]).toBeLessThan(200);
    await arena.assertUnharmed();
  });
});
