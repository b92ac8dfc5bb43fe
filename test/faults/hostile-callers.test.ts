import { createHost, type Host } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf, type FaultBench, OPERATOR, openFaultBench } from "./fault-bench.js";

let bench: FaultBench;
let id = "";
beforeAll(async () => {
  bench = await openFaultBench({
    limits: { concurrency: 64 },
    defaults: { breaker: { failures: 1_000 }, restart: { crashes: 1_000, window: "1s" } },
  });
  id = await bench.load("fails-at", "faults/called", { "moment.json": {} });
  await bench.host.call(id, "call");
});
afterAll(async () => bench?.close());

const call = (payload?: unknown, options?: object) => bench.host.call(id, "call", payload, options);

/** A proxy all of whose traps throw, so that it cannot even be looked at. */
function untouchable(): object {
  const trap = () => {
    throw new Error("do not touch");
  };
  return new Proxy({}, new Proxy({}, { get: () => trap }));
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function thrower(name: string): object {
  return Object.defineProperty({}, name, {
    enumerable: true,
    get: () => {
      throw new Error("hostile");
    },
  });
}

function cycle(): object {
  const one: { self?: object } = {};
  one.self = one;
  return one;
}

function nest(depth: number): unknown {
  let value: unknown = 1;
  for (let at = 0; at < depth; at++) value = [value];
  return value;
}

const VALUES: readonly (readonly [what: string, value: () => unknown])[] = [
  ["a getter that throws", () => thrower("field")],
  ["a toJSON that throws", () => ({ toJSON: () => JSON.parse("no") })],
  ["a toJSON that gives itself", () => ({ toJSON: () => cycle() })],
  ["a proxy that throws at every touch", untouchable],
  ["a revoked proxy", revoked],
  ["a cycle", cycle],
  ["100,000 levels", () => nest(100_000)],
  ["a bigint", () => ({ n: 1n })],
  ["a symbol", () => Symbol("no")],
  ["a function", () => () => 1],
  ["a string of 256 MB", () => "x".repeat(256 * 1024 ** 2)],
  ["a list without end", () => Object.assign(Object.create(Array.prototype), { length: 2 ** 32 })],
  ["an array of 100 million holes", () => new Array(1e8)],
];

describe("A hostile payload hurts its own call only", () => {
  test.each(VALUES)("%s", async (_, value) => {
    const others = Array.from({ length: 5 }, (_each, n) => call(n));
    const outcome = await codeOf(call(value(), { timeoutMs: 5_000 }));
    expect(outcome).toMatch(/^(answered|INPUT_INVALID|USAGE_INVALID|PAYLOAD_TOO_LARGE|TIMEOUT)$/);
    expect(await Promise.all(others)).toEqual([0, 1, 2, 3, 4]);
    await bench.assertOthersServed();
  });
});

describe("Hostile options hurt their own call only", () => {
  test.each<readonly [string, () => unknown]>([
    ["no object", () => 7],
    ["null", () => null],
    ["a file that throws", () => ({ files: { name: untouchable() } })],
    ["a file whose getter throws", () => ({ files: thrower("name") })],
    ["a tenant that throws", () => thrower("tenant")],
    ["a signal that throws", () => thrower("signal")],
    ["a signal that is none", () => ({ signal: { aborted: false } })],
    ["a signal whose listener throws", () => ({ signal: untouchable() })],
    ["a proxy that throws", untouchable],
    ["a revoked proxy", revoked],
    ["a tenant that is a path", () => ({ tenant: "../../etc" })],
    ["a tenant of a megabyte", () => ({ tenant: "x".repeat(2 ** 20) })],
    ["a time of NaN", () => ({ timeoutMs: Number.NaN })],
    ["a time below zero", () => ({ timeoutMs: -1 })],
    ["a time that is text", () => ({ timeoutMs: "1s" })],
    ["a progress listener that is none", () => ({ onProgress: 1 })],
    ["files that throw", () => ({ files: untouchable() })],
  ])("%s", async (_, options) => {
    // Safe: what it is not is the point.
    expect(await codeOf(call(1, options() as object))).toBe("USAGE_INVALID");
    expect(await call(2)).toBe(2);
  });

  test.each<readonly [string, unknown, unknown]>([
    ["an id that throws", untouchable(), "call"],
    ["an id that is no text", 7, "call"],
    ["an action that throws", undefined, untouchable()],
    ["an action of every object", undefined, "constructor"],
    ["an action of a megabyte", undefined, "x".repeat(2 ** 20)],
  ])("%s", async (_, plugin, action) => {
    // Safe: what they are not is the point.
    const outcome = codeOf(bench.host.call((plugin ?? id) as string, action as string));
    expect(await outcome).toMatch(/^(PLUGIN_NOT_FOUND|ACTION_NOT_FOUND|USAGE_INVALID)$/);
    expect(await call(2)).toBe(2);
  });
});

describe("Hostile arguments of other methods", () => {
  // Safe: what they are not is the point.
  const hostile = () => untouchable() as never;
  test.each<readonly [string, string, (host: Host) => unknown]>([
    ["load()", "USAGE_INVALID", (host) => host.load("/absent", hostile())],
    ["unload()", "PLUGIN_NOT_FOUND", (host) => host.unload("faults/absent", hostile())],
    ["publish()", "USAGE_INVALID", (host) => host.publish("a.b", 1, hostile())],
    ["subscribe()", "USAGE_INVALID", (host) => host.subscribe("a.b", () => undefined, hostile())],
    ["events()", "USAGE_INVALID", (host) => host.events(hostile())],
    ["point()", "USAGE_INVALID", (host) => host.point(hostile())],
    ["batch()", "USAGE_INVALID", (host) => host.batch(id, "call", hostile())],
    ["an actor", "USAGE_INVALID", (host) => host.admin.list(hostile())],
    ["admin.unload()", "USAGE_INVALID", (host) => host.admin.unload(OPERATOR, id, hostile())],
    [
      "admin.logs()",
      "USAGE_INVALID",
      (host) => host.admin.logs(OPERATOR, hostile())[Symbol.asyncIterator]().next(),
    ],
    ["admin.data.show()", "USAGE_INVALID", (host) => host.admin.data.show(OPERATOR, id, hostile())],
    ["createHost()", "CONFIG_INVALID", () => createHost(hostile())],
  ])("%s", async (_, code, use) => {
    expect(await codeOf((async () => use(bench.host))())).toBe(code);
    expect(await call(2)).toBe(2);
  });
});

describe("A storm of calls", () => {
  test("of a hundred thousand at once settles each of them once, and memory comes back", async () => {
    const before = heapMegabytes();
    const counts: Record<string, number> = {};
    const settled = new Uint8Array(100_000);
    await Promise.all(
      Array.from(settled, (_, at) =>
        codeOf(call(at, { tenant: "main", timeoutMs: 60_000 })).then((code) => {
          settled[at] = (settled[at] ?? 0) + 1;
          counts[code] = (counts[code] ?? 0) + 1;
        }),
      ),
    );
    expect(settled.every((times) => times === 1)).toBe(true);
    expect(Object.keys(counts).sort()).toEqual(["OVERLOADED", "answered"]);
    await bench.assertOthersServed();
    expect(await call("after")).toBe("after");
    await expect.poll(() => heapMegabytes() - before, { timeout: 5_000 }).toBeLessThan(30);
  });

  test("that are aborted at any moment leaves nothing behind", async () => {
    const counts = new Set<string>();
    for (let round = 0; round < 10; round++) {
      const calls = Array.from({ length: 300 }, (_, at) => {
        const abort = new AbortController();
        if (at % 4 === 0) abort.abort();
        else if (at % 4 === 1) queueMicrotask(() => abort.abort());
        else if (at % 4 === 2) setImmediate(() => abort.abort());
        else setTimeout(() => abort.abort(), at % 7);
        return codeOf(bench.host.call(id, "slow", 3, { signal: abort.signal }));
      });
      for (const code of await Promise.all(calls)) counts.add(code);
    }
    expect([...counts].every((code) => ["CANCELLED", "answered", "OVERLOADED"].includes(code))).toBe(true);
    await expect.poll(() => bench.host.call(id, "call", "after")).toBe("after");
    await bench.assertOthersServed();
  });

  test("of one millisecond each ends in time, and the guest lives on", async () => {
    const [guest] = await bench.host.posture(id);
    const startedAt = performance.now();
    const calls = Array.from({ length: 1_000 }, () => codeOf(call(1, { timeoutMs: 1 })));
    for (const code of await Promise.all(calls))
      expect(["TIMEOUT", "answered", "OVERLOADED"]).toContain(code);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await expect.poll(() => call("after")).toBe("after");
    expect((await bench.host.posture(id)).map(({ pid }) => pid)).toEqual([guest?.pid]);
  });

  test("from one tenant leaves room for another", async () => {
    const storm = Array.from({ length: 1_000 }, () =>
      codeOf(bench.host.call(id, "slow", 20, { tenant: "loud" })),
    );
    const startedAt = performance.now();
    expect(await bench.host.call(id, "slow", 1, { tenant: "quiet" })).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await Promise.all(storm);
  });
});

function heapMegabytes(): number {
  return process.memoryUsage().heapUsed / 1024 ** 2;
}
