import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../test/plugins/host-behaviours/leftovers.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../test/plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../../../test/plugins/host-behaviours/write-plugin.js";
import { createHost } from "./host.js";
import type { Host } from "./host-interface.js";
import type { OwnStage } from "./pipeline/own-stage.js";
import type { CallTrace } from "./pipeline/trace.js";

const CODE = `
  let calls = 0;
  const lives = Date.now() + Math.random();
  const running = new Map();
  export default definePlugin({
    actions: {
      echo: (input) => input,
      shaped: (input) => input,
      wrong: () => "no number",
      refuse: () => { throw fail("NOT_TODAY", "Come back tomorrow"); },
      throws: () => { throw new Error("boom"); },
      crash: () => process.abort(),
      crashOnce: async (_, ctx) => {
        if ((await ctx.kv.get("crashed")) === undefined) {
          await ctx.kv.set("crashed", true);
          process.abort();
        }
        return "second time";
      },
      hangOnce: async (_, ctx) => {
        if ((await ctx.kv.get("hung")) === undefined) {
          await ctx.kv.set("hung", true);
          await new Promise(() => undefined);
        }
        return "second time";
      },
      wait: (ms) => new Promise((resolve) => { setTimeout(() => resolve(++calls), ms); }),
    },
  });`;

const ACTIONS = {
  echo: {},
  shaped: {
    input: {
      type: "object",
      properties: { name: { type: "string" }, at: { type: "object", properties: { x: { type: "number" } } } },
      required: ["name"],
    },
  },
  wrong: { output: { type: "number" } },
  refuse: { errors: { NOT_TODAY: "It is closed." } },
  throws: {},
  crash: {},
  crashOnce: { idempotent: true },
  hangOnce: { idempotent: true, timeout: "300ms" },
  wait: {},
};

const ID = "acme/probe";
let before: Holdings;
let home: TemporaryHome;
let hosts: Host[] = [];
let count = 0;

beforeAll(async () => {
  home = await makeTemporaryHome();
  await writePlugin(join(home.path, "probe"), { actions: ACTIONS, code: CODE });
  before = holdings();
});
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  hosts = [];
  expect(await leftSince(before)).toEqual([]);
});
afterAll(() => home.remove());

async function start(options: Parameters<typeof createHost>[0] = {}): Promise<Host> {
  const host = await createHost({ home: join(home.path, `home-${count++}`), ...options });
  hosts.push(host);
  await host.load(join(home.path, "probe"));
  return host;
}

const withSettings = (settings: object) => start({ defaults: settings });

describe("host.call() through every stage", () => {
  it("says where the time went, stage by stage, and who answered", async () => {
    const traces: CallTrace[] = [];
    const host = await start({ onTrace: (trace) => traces.push(trace) });
    await host.start(ID);
    const [{ pid } = { pid: 0 }] = await host.posture(ID);
    await host.call(ID, "echo", 1, { tenant: "main", caller: "ann" });
    const [trace] = traces;
    expect(trace).toMatchObject({ plugin: ID, action: "echo", tenant: "main", caller: "ann", outcome: "ok" });
    expect(trace?.stages.map(({ name }) => name)).toEqual([
      "fallback",
      "deadline",
      "authorize",
      "validateInput",
      "rateLimit",
      "queue",
      "breaker",
      "retry",
      "validateOutput",
      "room",
      "attempt",
    ]);
    expect(trace?.attempts).toEqual([
      { startedMs: expect.any(Number), durationMs: expect.any(Number), outcome: "ok", guestPid: pid },
    ]);
    const sum = trace?.stages.reduce((all, { ms }) => all + ms, 0) ?? 0;
    expect(sum).toBeLessThanOrEqual((trace?.durationMs ?? 0) + 0.001);
    expect(trace?.stages.at(-1)?.ms).toBeGreaterThan(0);
  });

  it("gives a call's own trace to the call", async () => {
    const host = await start();
    let told: CallTrace | undefined;
    await expect(
      host.call(ID, "refuse", null, {
        onTrace: (trace) => {
          told = trace;
        },
      }),
    ).rejects.toMatchObject({ code: "PLUGIN_ERROR" });
    expect(told).toMatchObject({ outcome: "PLUGIN_ERROR", attempts: [{ outcome: "PLUGIN_ERROR" }] });
  });

  it("refuses fields that the schema does not name, also inside", async () => {
    const host = await start();
    await expect(host.call(ID, "shaped", { name: "a", nam: "b", at: { x: 1, y: 2 } })).rejects.toMatchObject({
      code: "INPUT_INVALID",
      data: {
        problems: [
          { path: "nam", message: "is not declared" },
          { path: "at.y", message: "is not declared" },
        ],
      },
    });
  });

  it("drops them where the operator says so, and leaves the caller's object alone", async () => {
    const host = await withSettings({ undeclared: "drop" });
    const payload = { name: "a", nam: "b", at: { x: 1, y: 2 } };
    expect(await host.call(ID, "shaped", payload)).toEqual({ name: "a", at: { x: 1 } });
    expect(payload).toEqual({ name: "a", nam: "b", at: { x: 1, y: 2 } });
  });

  it("refuses more calls than a rate allows, and says when to come again", async () => {
    const host = await withSettings({ rate: { caller: "2/m" } });
    await host.call(ID, "echo", 1, { caller: "ann" });
    await host.call(ID, "echo", 1, { caller: "ann" });
    const refused = await host.call(ID, "echo", 1, { caller: "ann" }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "RATE_LIMITED", data: { limit: "caller" } });
    expect(await host.call(ID, "echo", 1, { caller: "bob" })).toBe(1);
  });

  it("tries an idempotent action again whose guest crashed, and shows it", async () => {
    const traces: CallTrace[] = [];
    const host = await start({ onTrace: (trace) => traces.push(trace) });
    expect(await host.call(ID, "crashOnce", null)).toBe("second time");
    expect(traces[0]?.attempts.map(({ outcome }) => outcome)).toEqual(["CRASHED", "ok"]);
  });

  it("tries an idempotent action again that was too slow, within the caller's deadline", async () => {
    const host = await start();
    await host.start(ID);
    expect(await host.call(ID, "hangOnce", null, { timeoutMs: 5_000 })).toBe("second time");
  });

  it("does not repeat an action that is not idempotent", async () => {
    const traces: CallTrace[] = [];
    const host = await start({ onTrace: (trace) => traces.push(trace) });
    await expect(host.call(ID, "crash")).rejects.toMatchObject({ code: "CRASHED" });
    expect(traces[0]?.attempts).toHaveLength(1);
  });

  it("gives a plugin that keeps failing a rest, and lets one call try afterwards", async () => {
    const host = await withSettings({ breaker: { failures: 2, openFor: "300ms" } });
    await expect(host.call(ID, "throws")).rejects.toMatchObject({ code: "PLUGIN_BUG" });
    await expect(host.call(ID, "throws")).rejects.toMatchObject({ code: "PLUGIN_BUG" });
    const refused = await host.call(ID, "echo", 1).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "CIRCUIT_OPEN", data: { retryAfterMs: expect.any(Number) } });
    await expect.poll(() => host.call(ID, "echo", 1).catch(() => "refused")).toBe(1);
  });

  it("opens no circuit for what callers did wrong or were told on purpose", async () => {
    const host = await withSettings({ breaker: { failures: 1 } });
    await expect(host.call(ID, "refuse")).rejects.toMatchObject({ code: "PLUGIN_ERROR" });
    await expect(host.call(ID, "shaped", 1)).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(host.call(ID, "wait", 2_000, { timeoutMs: 20 })).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect(host.call(ID, "wait", 2_000, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(await host.call(ID, "echo", 1)).toBe(1);
  });

  it("answers with the fallback where the plugin fails, and not where the caller does", async () => {
    const host = await start();
    expect(await host.call(ID, "throws", null, { fallback: null })).toBeNull();
    const codes: string[] = [];
    const fallback = ({ code }: { code: string }) => codes.push(code);
    expect(await host.call(ID, "wrong", null, { fallback })).toBe(1);
    expect(codes).toEqual(["OUTPUT_INVALID"]);
    await expect(host.call(ID, "shaped", 1, { fallback })).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(host.call(ID, "refuse", 1, { fallback })).rejects.toMatchObject({ code: "PLUGIN_ERROR" });
  });

  it("lets calls wait while the guest is busy, in turns between callers", async () => {
    const host = await start({ limits: { concurrency: 1 }, defaults: { queue: { size: 8 } } });
    const order: string[] = [];
    const call = (caller: string) =>
      host.call(ID, "wait", 5, { caller }).then(() => {
        order.push(caller);
      });
    await Promise.all(["ann", "ann", "ann", "bob", "bob"].map(call));
    expect(order).toEqual(["ann", "ann", "bob", "ann", "bob"]);
  });

  it("refuses with OVERLOADED what is more than may wait, and takes whoever gives up out of the queue", async () => {
    const host = await start({ limits: { concurrency: 1 }, defaults: { queue: { size: 1 } } });
    await host.start(ID);
    const first = host.call(ID, "wait", 400);
    const waiting = host.call(ID, "echo", 2, { timeoutMs: 50 });
    await expect(host.call(ID, "echo", 3)).rejects.toMatchObject({
      code: "OVERLOADED",
      data: { waiting: 1, retryAfterMs: expect.any(Number) },
    });
    await expect(waiting).rejects.toMatchObject({ code: "TIMEOUT" });
    const controller = new AbortController();
    const cancelled = host.call(ID, "echo", 4, { signal: controller.signal });
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
    const last = host.call(ID, "echo", 5);
    expect(await Promise.all([first, last])).toEqual([1, 5]);
  });
});

describe("host.batch()", () => {
  it("gives a result or an error for each payload, in order", async () => {
    const host = await start();
    const payloads = [{ name: "a" }, { nam: 1 }, { name: 1n }, { name: "d" }];
    const results = await host.batch(ID, "shaped", payloads);
    expect(results).toMatchObject([
      { kind: "success", value: { name: "a" } },
      { kind: "failure", error: { code: "INPUT_INVALID" } },
      { kind: "failure", error: { code: "USAGE_INVALID" } },
      { kind: "success", value: { name: "d" } },
    ]);
  });

  it("runs more payloads than may be in flight", async () => {
    const host = await start({ limits: { concurrency: 4 } });
    const payloads = Array.from({ length: 500 }, (_, at) => at);
    const results = await host.batch(ID, "echo", payloads);
    expect(results.map((one) => (one.kind === "success" ? one.value : one.error.code))).toEqual(payloads);
  });
});

describe("host.batch() while things change", () => {
  it("gives what is left to a new version of the plugin", async () => {
    const host = await start({ limits: { concurrency: 2 } });
    const running = host.batch(ID, "wait", new Array(40).fill(5));
    await host.load(join(home.path, "probe"));
    expect((await running).map(({ kind }) => kind)).toEqual(new Array(40).fill("success"));
  });

  it("ends with its caller's signal, every item settled", async () => {
    const host = await start({ limits: { concurrency: 1 } });
    const results = await host.batch(ID, "wait", [1, 60_000, 1, 1], { signal: AbortSignal.timeout(800) });
    expect(results.map((one) => (one.kind === "success" ? "ok" : one.error.code))).toEqual([
      "ok",
      "CANCELLED",
      "CANCELLED",
      "CANCELLED",
    ]);
  });

  it("refuses what is no list, and what cannot be read", async () => {
    const host = await start();
    // Safe: what they are not is the point.
    const odd = [null, "text", 7, { length: 3 }] as unknown[] as (readonly unknown[])[];
    for (const payloads of odd)
      await expect(host.batch(ID, "echo", payloads)).rejects.toMatchObject({ code: "USAGE_INVALID" });
    const trap = new Proxy([1, 2], {
      get: (target, name, self) => {
        if (name === "1") throw new Error("no");
        return Reflect.get(target, name, self);
      },
    });
    expect(await host.batch(ID, "echo", trap)).toMatchObject([
      { kind: "success", value: 1 },
      { kind: "failure", error: { code: "USAGE_INVALID" } },
    ]);
  });
});

describe("an application's own stages", () => {
  it("stand where they say, see the call, and may change payload and answer", async () => {
    const seen: unknown[] = [];
    const host = await start({
      stages: [
        {
          name: "greet",
          before: "validateInput",
          run: async (call, next) => {
            seen.push([call.action, call.tenant, call.caller, call.payload]);
            return { answer: await next({ payload: { name: "bob" } }) };
          },
        },
      ],
    });
    expect(await host.call(ID, "shaped", { name: "ann" }, { tenant: "t", caller: "c" })).toEqual({
      answer: { name: "bob" },
    });
    expect(seen).toEqual([["shaped", "t", "c", { name: "ann" }]]);
  });

  it("cannot keep a call from settling, whatever they do", async () => {
    const run = { current: async (_next: () => Promise<unknown>): Promise<unknown> => undefined };
    const host = await start({
      stages: [{ name: "odd", after: "authorize", run: (_call, next) => run.current(next) }],
    });
    run.current = () => new Promise(() => undefined);
    await expect(host.call(ID, "echo", 1, { timeoutMs: 50 })).rejects.toMatchObject({ code: "TIMEOUT" });
    run.current = () => {
      throw new RangeError("bad stage");
    };
    await expect(host.call(ID, "echo", 1)).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining('stage "odd" failed: bad stage'),
    });
    run.current = async (next) => [await next(), await next().catch((error) => error.code)];
    expect(await host.call(ID, "echo", 1)).toEqual([1, "INTERNAL"]);
    run.current = async (next) => {
      void next();
      return "early";
    };
    expect(await host.call(ID, "throws", 1)).toBe("early");
  });

  it("may take their time after the queue: nobody is refused for it", async () => {
    const run: OwnStage["run"] = async (_call, next) => {
      await new Promise((resolve) => setImmediate(resolve));
      return next();
    };
    const host = await start({
      limits: { concurrency: 2 },
      stages: [{ name: "slow", before: "room", run }],
    });
    const calls = Array.from({ length: 60 }, (_, at) => host.call(ID, "echo", at));
    expect(await Promise.all(calls)).toEqual(calls.map((_, at) => at));
  });

  it.each([
    [{ name: "queue", before: "queue", run: (): number => 1 }, "is taken"],
    [{ name: "a", run: (): number => 1 }, "needs either before or after"],
    [{ name: "a", before: "nowhere", run: (): number => 1 }, "has no such place"],
    [{ name: "a", before: "queue" }, "has no function run"],
    [{ name: "a b", before: "queue", run: (): number => 1 }, "not a plain word"],
  ])("are refused when they are wrong: %o", async (stage, words) => {
    // Safe: what they are not is the point.
    const stages = [stage] as never;
    await expect(createHost({ home: join(home.path, "never"), stages })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(words),
    });
  });
});
