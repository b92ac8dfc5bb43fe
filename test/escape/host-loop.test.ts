import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, openArena } from "./arena.js";

/** On an idle machine it is a few milliseconds; test machines are not idle. */
const MAX_DELAY_MS = 50;

describe("The host's event loop", () => {
  let arena: Arena;
  let lines = 0;
  beforeAll(async () => {
    arena = await openArena({
      interpreter: { guards: false },
      limits: { timeout: "5s", cpu: 1, logRate: "200/s" },
      onLog: () => {
        lines++;
      },
    });
    await arena.attack("floods-its-log", { shape: "short lines", stream: 1, ms: 1 });
  });
  afterAll(async () => arena?.close());

  const shapes = ["one endless line", "empty lines", "control characters", "short lines", "broken utf-8"];
  const floods = [
    ...shapes.flatMap((shape) => [1, 2].map((stream) => ({ shape, stream }))),
    { shape: "short lines", stream: "log" },
  ];
  test.each(floods)("goes on while a guest floods $stream with $shape", async ({ shape, stream }) => {
    lines = 0;
    const memory = process.memoryUsage().rss;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const flood = arena.attack("floods-its-log", { shape, stream, ms: 700 }, { tenant: "flood" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    delay.enable();
    const cpu = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const { user, system } = process.cpuUsage(cpu);
    delay.disable();
    // What it cannot write waits in its own memory, which may end it.
    const outcome = await flood;
    if (outcome.kind === "refused") expect(outcome.code).toBe("MEMORY_LIMIT");
    expect(delay.percentile(99) / 1e6).toBeLessThan(MAX_DELAY_MS);
    expect((user + system) / 1_000, "milliseconds of processor in 400").toBeLessThan(250);
    // A burst of a second's worth, and the rate for as long as it lasted.
    expect(lines).toBeLessThan(1_000);
    expect(process.memoryUsage().rss - memory).toBeLessThan(100 * 2 ** 20);
    await arena.assertUnharmed();
  });

  test("escapes what would reach a terminal", async () => {
    await arena.attack("floods-its-log", { shape: "control characters", stream: 2, ms: 50 });
    const messages = arena.logs.map(({ message }) => message);
    expect(messages.some((message) => message.includes("\\u{1b}[2J"))).toBe(true);
    expect(messages.filter((message) => /[\p{Cc}\u202a-\u202e]/u.test(message))).toEqual([]);
  });
});
