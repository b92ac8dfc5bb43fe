import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, isGuestAlive, openArena } from "./arena.js";
import { CALL } from "./request-ids.js";

const MB = 2 ** 20;

describe("A guest and its channel", () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena({
      interpreter: { guards: false },
      limits: { timeout: "20s", memory: "256MB", payload: "4MB" },
    });
  });
  afterAll(async () => arena?.close());

  test("closes-its-channel is ended at once, not at the limit of its call", async () => {
    const startedAt = performance.now();
    const outcome = await arena.attack("closes-its-channel");
    expect(outcome).toMatchObject({ kind: "refused" });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(await arena.attack("closes-its-channel", {}, { timeoutMs: 10_000 })).not.toMatchObject({
      code: "TIMEOUT",
    });
    await arena.assertUnharmed();
  });

  test("never-reads cannot make the host hold more than a few payloads", async () => {
    const id = "attacker/never-reads";
    await arena.attack("never-reads");
    const asleep = arena.attack("never-reads", { sleepMs: 1_500 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const before = process.memoryUsage().rss;
    const payload = { filler: "x".repeat(4 * MB - 100) };
    const codes: unknown[] = [];
    for (let at = 0; at < 40; at++) {
      codes.push(
        arena.host
          .call(id, "attack", payload, { timeoutMs: 500 })
          .catch((error: { code: string }) => error.code),
      );
      await new Promise(setImmediate);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MB);
    expect(await Promise.all(codes)).toContain("OVERLOADED");
    await arena.assertUnharmed();
    expect(await asleep).toMatchObject({ kind: "answered" });
  });

  test("calls that wait for a guest to start are bounded as well", async () => {
    await arena.attack("never-reads");
    const id = "attacker/never-reads";
    const payload = { filler: "x".repeat(4 * MB - 100) };
    const before = process.memoryUsage().rss;
    // All in one turn, while the guest of a new tenant has not even been launched.
    const calls = Array.from({ length: 150 }, () =>
      arena.host
        .call(id, "attack", payload, { tenant: "fresh", timeoutMs: 4_000 })
        .catch((error: { code?: string }) => error.code ?? String(error)),
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * MB);
    const codes = new Set(await Promise.all(calls));
    expect(
      [...codes].every((code) => ["awake", "OVERLOADED", "TIMEOUT"].includes(String(code))),
      [...codes].join(),
    ).toBe(true);
    await arena.assertUnharmed();
  });

  test("hoards-answers neither grows nor spins the host", async () => {
    const before = process.memoryUsage().rss;
    const attack = arena.attack("hoards-answers", { requests: 2_000, sleepMs: 2_000, call: CALL });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const cpu = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { user, system } = process.cpuUsage(cpu);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MB);
    // While the guest sleeps there is nothing to do: waiting for it must not take the host a processor.
    expect((user + system) / 1_000).toBeLessThan(250);
    await arena.assertUnharmed();
    await attack;
  });

  test("a guest that hung up is gone", async () => {
    await arena.attack("closes-its-channel");
    await expect
      .poll(async () =>
        (await arena.host.posture("attacker/closes-its-channel")).filter(({ pid }) => isGuestAlive(pid)),
      )
      .toEqual([]);
  });
});
