import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, openArena } from "./arena.js";

const MB = 1024 ** 2;
const LIMIT_BYTES = 64 * MB;

/** With a control group the limit is the kernel's; without one it is the interpreter's own needs higher. */
const CEILING_BYTES = LIMIT_BYTES + 640 * MB;

describe.each([
  { guards: true, stands: "with guards" },
  { guards: false, stands: "behind the kernel's walls alone" },
])("Memory, $stands", ({ guards }) => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena({ interpreter: { guards }, limits: { memory: "64MB", cpu: 2 } });
  });
  afterAll(async () => arena?.close());

  const ways = [
    "heap",
    "strings",
    "buffers",
    "shared",
    "wasm",
    "bigints",
    "maps",
    "promises",
    "timers",
    "workers",
  ];
  test.each(ways)("fills-memory meets its limit: %s", async (way) => {
    const before = process.memoryUsage().rss;
    const outcome = await arena.attack("fills-memory", { way }, { tenant: way, timeoutMs: 15_000 });
    // Out of memory, or an error that the plugin could have caught.
    expect(outcome).toMatchObject({
      kind: "refused",
      code: expect.stringMatching(/^(MEMORY_LIMIT|PLUGIN_BUG|CAPABILITY_NOT_DECLARED|CRASHED)$/),
    });
    if (outcome.kind === "answered") return;
    // Node 22 aborts without a word when it cannot reserve the room of another worker.
    if (outcome.code === "CRASHED") expect(way).toBe("workers");
    if (outcome.code === "MEMORY_LIMIT") {
      expect(outcome.data.evidence).toMatchObject({ limit: LIMIT_BYTES, exitCode: expect.any(Number) });
      expect(outcome.data.evidence?.peak ?? 0).toBeLessThan(CEILING_BYTES);
      expect(outcome.data.evidence?.lastLines).toBeInstanceOf(Array);
    } else if (outcome.code !== "CRASHED") {
      expect(outcome.message).toMatch(/RangeError|allocation|memory|ERR_WORKER|worker_threads|EAGAIN/i);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * MB);
    await arena.assertUnharmed();
  });
});
