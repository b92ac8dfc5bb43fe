import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, isGuestAlive, openArena } from "./arena.js";

/** The operator's limit, and how much later than that a loaded machine may be. */
const LIMIT_MS = 1_000;
const ID = "attacker/never-returns";
const SLACK_MS = 3_000;

describe.each([
  { guards: true, stands: "with guards" },
  { guards: false, stands: "behind the kernel's walls alone" },
])("Time, $stands", ({ guards }) => {
  let arena: Arena;
  beforeAll(async () => {
    const limits = { timeout: `${LIMIT_MS}ms`, startTimeout: "2s" };
    arena = await openArena({ interpreter: { guards }, limits });
    // Starting takes a part of the first call's time, so everybody is started before the clock is.
    await arena.attack("never-returns", { way: "deaf", ms: 1 });
  });
  afterAll(async () => arena?.close());

  const ways = ["spin", "sleep", "regex", "files", "microtasks", "promise"];
  test.concurrent.for(ways)("never-returns is ended at the operator's limit: %s", async (way, { expect }) => {
    await arena.host.start(ID, way);
    const [guest] = (await arena.host.posture(ID)).filter(({ tenant }) => tenant === way);
    const startedAt = performance.now();
    const outcome = await arena.attack("never-returns", { way }, { tenant: way });
    expect(outcome).toMatchObject({ kind: "refused", code: "TIMEOUT" });
    expect(performance.now() - startedAt).toBeLessThan(LIMIT_MS + SLACK_MS);
    await expect.poll(() => isGuestAlive(guest?.pid ?? 0), { timeout: SLACK_MS }).toBe(false);
    await arena.assertUnharmed();
  });

  test("a caller's shorter deadline ends its own call only", async () => {
    await arena.host.start(ID, "shared");
    const patient = arena.attack("never-returns", { way: "deaf", ms: 400 }, { tenant: "shared" });
    const hasty = arena.attack(
      "never-returns",
      { way: "deaf", ms: 400 },
      { tenant: "shared", timeoutMs: 200 },
    );
    expect(await hasty).toMatchObject({ kind: "refused", code: "TIMEOUT" });
    expect(await patient).toEqual({ kind: "answered", value: "done" });
  });

  test("a hostile caller's deadlines of a millisecond hurt nobody else", async () => {
    await Promise.all(["hasty", "another"].map((tenant) => arena.host.start(ID, tenant)));
    const work = (tenant: string) => arena.attack("never-returns", { way: "deaf", ms: 300 }, { tenant });
    const [before] = (await arena.host.posture(ID)).filter(({ tenant }) => tenant === "hasty");
    const others = [work("hasty"), work("hasty"), work("another")];
    for (let at = 0; at < 200; at++) {
      const hostile = arena.attack(
        "never-returns",
        { way: "deaf", ms: 50 },
        { tenant: "hasty", timeoutMs: 1 },
      );
      if (at % 20 === 0) expect(await hostile).toMatchObject({ kind: "refused" });
    }
    expect(await Promise.all(others)).toEqual(others.map(() => ({ kind: "answered", value: "done" })));
    const [after] = (await arena.host.posture(ID)).filter(({ tenant }) => tenant === "hasty");
    expect(after?.pid).toBe(before?.pid);
    // Not quarantined, not delayed.
    expect(await work("hasty")).toEqual({ kind: "answered", value: "done" });
  });

  test("never-starts is ended before it is ready", async () => {
    const startedAt = performance.now();
    expect(await arena.attack("never-starts")).toMatchObject({ kind: "refused", code: "TIMEOUT" });
    expect(performance.now() - startedAt).toBeLessThan(2_000 + SLACK_MS);
    await arena.assertUnharmed();
  });
});
