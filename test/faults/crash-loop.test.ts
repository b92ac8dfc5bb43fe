import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { codeOf, type FaultBench, failureOf, OPERATOR, openFaultBench } from "./fault-bench.js";

let bench: FaultBench;
afterEach(async () => bench.close());

const CRASHES = { "moment.json": { moment: "call", way: "crash", always: true } };

describe("A plugin that crashes again and again", () => {
  test.each(["fails-at", "fails-at-python"])(
    "is put into quarantine until it is released: %s",
    async (plugin) => {
      bench = await openFaultBench({
        defaults: { restart: { crashes: 5, window: "10m" }, retry: { attempts: 1 } },
      });
      const id = await bench.load(plugin, "faults/loops", CRASHES);
      const call = () => codeOf(bench.host.call(id, "call", 1, { timeoutMs: 5_000 }));
      for (let at = 0; at < 4; at++) expect(await call()).toBe("CRASHED");
      // The first wait is over in a second at most; nobody is let in before.
      const resting = await failureOf(bench.host.call(id, "call"));
      expect(resting).toMatchObject({
        code: "PLUGIN_UNAVAILABLE",
        data: { retryAfterMs: expect.any(Number) },
      });
      await bench.until(
        (event) => event.kind === "state" && event.plugin === id && event.from === "backing-off",
      );
      expect(await call()).toBe("CRASHED");
      for (let at = 0; at < 5; at++) expect(await call()).toBe("PLUGIN_QUARANTINED");
      expect(await bench.host.posture(id)).toEqual([]);
      expect(
        bench.events.filter((event) => event.kind === "guest-started" && event.plugin === id),
      ).toHaveLength(5);
      expect(bench.events).toContainEqual(expect.objectContaining({ kind: "quarantined", plugin: id }));
      await bench.assertOthersServed();
      await bench.host.admin.release(OPERATOR, id);
      expect(bench.events).toContainEqual(expect.objectContaining({ kind: "released", plugin: id }));
      expect(await bench.host.call(id, "slow", 1)).toBe(1);
    },
  );

  test("for one tenant leaves the others at work, new ones too", async () => {
    bench = await openFaultBench({
      defaults: {
        restart: { crashes: 6, window: "10m" },
        retry: { attempts: 1 },
        breaker: { failures: 100 },
      },
    });
    const id = await bench.load("fails-at", "faults/loops", CRASHES);
    const good = () => codeOf(bench.host.call(id, "slow", 5, { tenant: "good", timeoutMs: 5_000 }));
    expect(await good()).toBe("answered");
    const [guest] = await bench.host.posture(id);
    let isOver = false;
    const outcomes: string[] = [];
    const beside = (async () => {
      while (!isOver) outcomes.push(await good());
    })();
    for (let crashes = 0; crashes < 5; ) {
      const error = await failureOf(bench.host.call(id, "call", 1, { tenant: "bad" }));
      if (error.code === "CRASHED") crashes++;
      else await wait(Number(error.data.retryAfterMs));
    }
    expect((await failureOf(bench.host.call(id, "call", 1, { tenant: "bad" }))).code).toBe(
      "PLUGIN_UNAVAILABLE",
    );
    expect(await bench.host.call(id, "slow", 1, { tenant: "new" })).toBe(1);
    isOver = true;
    await beside;
    expect(new Set(outcomes)).toEqual(new Set(["answered"]));
    expect((await bench.host.posture(id)).map(({ pid }) => pid)).toContain(guest?.pid);
  });

  test("in guests of single calls takes nobody else's", async () => {
    bench = await openFaultBench({
      defaults: {
        share: "call",
        restart: { crashes: 2, window: "10m" },
        retry: { attempts: 1 },
        breaker: { failures: 100 },
      },
    });
    const id = await bench.load("fails-at", "faults/loops", CRASHES);
    for (let at = 0; at < 4; at++) {
      expect(await codeOf(bench.host.call(id, "call", 1, { tenant: "bad" }))).toBe("CRASHED");
      expect(await bench.host.call(id, "slow", 1, { tenant: "good" })).toBe(1);
    }
  });
});
