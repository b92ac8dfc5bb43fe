import { PaddockError } from "@paddock/contract";
import { afterEach, describe, expect, it, vi } from "vitest";
import { makeLoadedPlugin } from "../../../../test/plugins/host-behaviours/loaded-plugin.js";
import type { LoadedPlugin } from "../supervisor/plugin.js";
import type { CallRecord } from "../telemetry/call-record.js";
import { compilePluginSchemas } from "./action-schemas.js";
import type { Attempt } from "./attempt.js";
import type { CallOptions } from "./call-options.js";
import { CallPipeline, type PipelineOptions } from "./call-pipeline.js";

const THUMB = { input: { properties: { width: { type: "number" } } } };
let pipelines: CallPipeline[] = [];

afterEach(() => {
  for (const pipeline of pipelines) pipeline.close();
  pipelines = [];
});

/** A pipeline whose guests are a function. */
async function make(
  plugin: LoadedPlugin,
  run: (attempt: Attempt, json: string) => Promise<unknown>,
  options: Partial<PipelineOptions> = {},
) {
  const pipeline = new CallPipeline({
    attempt: (_plugin, attempt, json) => run(attempt, json),
    hasRoom: () => true,
    refusal: () => undefined,
    ownStages: [],
    onTrace: undefined,
    onCall: undefined,
    ...options,
  });
  pipelines.push(pipeline);
  pipeline.add(plugin, await compilePluginSchemas(plugin.manifest, "/nowhere"));
  return (action: string, payload?: unknown, callOptions?: CallOptions) =>
    pipeline.call(plugin, action, payload, callOptions);
}

const echo = async (_attempt: Attempt, json: string) => JSON.parse(json);
const failing = (...codes: ConstructorParameters<typeof PaddockError>[0][]) => {
  const left = [...codes];
  return async () => {
    const code = left.shift();
    if (code === undefined) return "answer";
    throw new PaddockError(code, `It is ${code}.`, { data: { retryAfterMs: 1 } });
  };
};

describe("CallPipeline with a hostile caller", () => {
  const thrower = (thrown: unknown) => ({
    get width() {
      throw thrown;
    },
  });
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const deeper = { toJSON: (): unknown => ({ a: deeper }) };
  const unreadable = new Proxy(new Error("x"), {
    get() {
      throw new Error("not even its message");
    },
  });

  it.each<readonly [string, unknown, string]>([
    ["a getter that throws", thrower(new Error("no")), "USAGE_INVALID"],
    ["a getter that throws nothing", thrower(undefined), "USAGE_INVALID"],
    ["a getter that throws what cannot be read", thrower(unreadable), "USAGE_INVALID"],
    ["a getter that throws an object without a prototype", thrower(Object.create(null)), "USAGE_INVALID"],
    ["a circle", circle, "USAGE_INVALID"],
    ["a BigInt", { width: 1n }, "USAGE_INVALID"],
    ["a toJSON without end", deeper, "USAGE_INVALID"],
    ["a revoked proxy", revoked(), "USAGE_INVALID"],
    [
      "half a circle of proxies",
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error("no");
          },
        },
      ),
      "USAGE_INVALID",
    ],
    ["a text that is too long", "x".repeat(5 * 1024 * 1024), "PAYLOAD_TOO_LARGE"],
    ["a field named __proto__", JSON.parse('{"__proto__":{"width":1}}'), "INPUT_INVALID"],
    ["a field named constructor", { constructor: 1 }, "INPUT_INVALID"],
    ["what is none of its fields", { height: 1 }, "INPUT_INVALID"],
  ])("refuses %s, and goes on", async (_what, payload, code) => {
    const call = await make(makeLoadedPlugin({ resize: THUMB }), echo);
    await expect(call("resize", payload)).rejects.toMatchObject({ code });
    expect(await call("resize", { width: 1 })).toEqual({ width: 1 });
  });

  it("sends what it has validated, whatever a toJSON says the second time", async () => {
    let asked = 0;
    const liar = { toJSON: () => (asked++ === 0 ? { width: 1 } : { width: "wide", evil: true }) };
    const call = await make(makeLoadedPlugin({ resize: THUMB }), echo);
    expect(await call("resize", liar)).toEqual({ width: 1 });
    expect(asked).toBe(1);
  });

  it("reads every option once", async () => {
    const reads = new Map<PropertyKey, number>();
    const options = new Proxy(
      {},
      {
        get: (_target, name) => {
          reads.set(name, (reads.get(name) ?? 0) + 1);
          return undefined;
        },
      },
    );
    const call = await make(makeLoadedPlugin({ resize: THUMB }), echo);
    await call("resize", { width: 1 }, options);
    expect(reads.get("tenant")).toBe(1);
    expect([...reads.values()].every((times) => times === 1)).toBe(true);
  });

  it("refuses options that cannot be read, and names of no kind", async () => {
    const call = await make(makeLoadedPlugin({ resize: THUMB }), echo);
    // Safe: what they are not is the point.
    const options = thrower(new Error("no")) as CallOptions;
    const odd = new Proxy(options, {
      get: () => {
        throw Object.create(null);
      },
    });
    await expect(call("resize", {}, odd)).rejects.toMatchObject({ code: "USAGE_INVALID" });
    for (const name of ["constructor", "__proto__", "", Symbol("x"), Object.create(null), {}])
      await expect(call(name as string)).rejects.toMatchObject({ code: "ACTION_NOT_FOUND" });
  });

  it("tells listeners that throw nothing, and settles the call", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const call = await make(makeLoadedPlugin({ resize: {} }), echo);
    const onTrace = () => {
      throw new Error("listener");
    };
    expect(await call("resize", 1, { onTrace })).toBe(1);
    expect(warn).toHaveBeenCalledWith("onTrace threw: listener", { code: "PADDOCK_ON_CALL" });
    warn.mockRestore();
  });
});

describe("CallPipeline and who counts calls", () => {
  it("tells of every call once, how it ended and how often a guest was asked", async () => {
    const records: CallRecord[] = [];
    const plugin = makeLoadedPlugin(
      { resize: { ...THUMB, idempotent: true } },
      { retry: { backoff: "1ms" } },
    );
    const call = await make(plugin, failing("CRASHED"), { onCall: (record) => records.push(record) });
    await call("resize", { width: 1 }, { tenant: "shop-7" });
    await call("resize", { height: 1 }).catch(() => undefined);
    await call("nothing").catch(() => undefined);
    expect(
      records.map(({ action, tenant, code, attempts, stages }) => [action, tenant, code, attempts, stages]),
    ).toEqual([
      ["resize", "shop-7", undefined, 2, undefined],
      ["resize", "main", "INPUT_INVALID", 0, undefined],
      [undefined, "main", "ACTION_NOT_FOUND", 0, undefined],
    ]);
  });
});

describe("CallPipeline and its retries", () => {
  const plugin = (settings: object = {}, more: object = {}) =>
    makeLoadedPlugin(
      { resize: { idempotent: true, timeout: "1s", ...more } },
      { retry: { backoff: "1ms" }, ...settings },
    );

  it.each([
    ["CRASHED", 2],
    ["UNRESPONSIVE", 2],
    ["TIMEOUT", 2],
    ["GUEST_RECYCLED", 3],
  ] as const)("tries again after %s, %i times in all", async (code, attempts) => {
    let made = 0;
    const call = await make(plugin(), async () => {
      made++;
      throw new PaddockError(code, "It failed.");
    });
    await expect(call("resize", null, { timeoutMs: 5_000 })).rejects.toMatchObject({ code });
    expect(made).toBe(attempts);
  });

  it.each(["PLUGIN_BUG", "PLUGIN_ERROR", "MEMORY_LIMIT", "OUTPUT_INVALID", "OVERLOADED"] as const)(
    "does not try again after %s",
    async (code) => {
      const call = await make(plugin(), failing(code));
      await expect(call("resize")).rejects.toMatchObject({ code });
    },
  );

  it("waits for a plugin that is being started again", async () => {
    const call = await make(plugin(), failing("CRASHED", "PLUGIN_UNAVAILABLE", "PLUGIN_UNAVAILABLE"));
    expect(await call("resize")).toBe("answer");
  });

  it("does not wait longer than the total deadline allows", async () => {
    const call = await make(plugin({ retry: { backoff: "1m" } }), failing("CRASHED"));
    await expect(call("resize", null, { timeoutMs: 500 })).rejects.toMatchObject({ code: "CRASHED" });
  });

  it("stops when its caller gives up, and when the host closes", async () => {
    const slow = plugin({ retry: { backoff: "1s" } });
    const controller = new AbortController();
    const call = await make(slow, failing("CRASHED"));
    const cancelled = call("resize", null, { timeoutMs: 9_000, signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
    const other = await make(slow, failing("CRASHED"));
    const closed = other("resize", null, { timeoutMs: 9_000 });
    setImmediate(() => pipelines.at(-1)?.close());
    await expect(closed).rejects.toMatchObject({ code: "HOST_CLOSED" });
  });

  it("gives every attempt what is left of the total deadline", async () => {
    const given: number[] = [];
    const run = failing("CRASHED");
    const call = await make(plugin({ retry: { backoff: "20ms" } }), (attempt) => {
      given.push(attempt.timeoutMs);
      return run();
    });
    await call("resize", null, { timeoutMs: 900 });
    expect(given[0]).toBeLessThanOrEqual(900);
    expect(given[1]).toBeLessThanOrEqual(890);
  });
});

describe("CallPipeline and its circuit", () => {
  const settings = { breaker: { failures: 2, openFor: "30ms" } };

  it("opens after failures in a row only", async () => {
    const plugin = makeLoadedPlugin({ resize: {} }, settings);
    let fails = true;
    const call = await make(plugin, async () => {
      if (fails) throw new PaddockError("PLUGIN_BUG", "boom");
    });
    await expect(call("resize")).rejects.toMatchObject({ code: "PLUGIN_BUG" });
    fails = false;
    await call("resize");
    fails = true;
    await expect(call("resize")).rejects.toMatchObject({ code: "PLUGIN_BUG" });
    await expect(call("resize")).rejects.toMatchObject({ code: "PLUGIN_BUG" });
    await expect(call("resize")).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
  });

  it("lets one call try at a time when the rest is over, and opens again when that fails", async () => {
    const plugin = makeLoadedPlugin({ resize: {} }, settings);
    let asked = 0;
    const call = await make(plugin, async () => {
      asked++;
      throw new PaddockError("PLUGIN_BUG", "boom");
    });
    await Promise.allSettled([call("resize"), call("resize")]);
    await new Promise((resolve) => setTimeout(resolve, 40));
    const results = await Promise.allSettled([call("resize"), call("resize"), call("resize")]);
    expect(results.map((one) => one.status === "rejected" && one.reason.code)).toEqual([
      "PLUGIN_BUG",
      "CIRCUIT_OPEN",
      "CIRCUIT_OPEN",
    ]);
    expect(asked).toBe(3);
  });

  it("is one for each who shares guests", async () => {
    const call = await make(makeLoadedPlugin({ resize: {} }, settings), async ({ tenant }) => {
      if (tenant === "a") throw new PaddockError("CRASHED", "boom");
      return "fine";
    });
    for (let at = 0; at < 3; at++) await call("resize", null, { tenant: "a" }).catch(() => undefined);
    await expect(call("resize", null, { tenant: "a" })).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
    expect(await call("resize", null, { tenant: "b" })).toBe("fine");
  });

  it("does not hide that the plugin is in quarantine", async () => {
    let refusal: PaddockError | undefined;
    const call = await make(makeLoadedPlugin({ resize: {} }, settings), failing("CRASHED", "CRASHED"), {
      refusal: () => refusal,
    });
    await Promise.allSettled([call("resize"), call("resize")]);
    refusal = new PaddockError("PLUGIN_QUARANTINED", "It is in quarantine.");
    await expect(call("resize")).rejects.toMatchObject({ code: "PLUGIN_QUARANTINED" });
  });

  it("is forgiven by an operator", async () => {
    const plugin = makeLoadedPlugin({ resize: {} }, settings);
    const call = await make(plugin, failing("CRASHED", "CRASHED"));
    await Promise.allSettled([call("resize"), call("resize")]);
    pipelines[0]?.forgive(plugin);
    expect(await call("resize")).toBe("answer");
  });

  it("stays closed when it was the caller who had no time", async () => {
    const call = await make(
      makeLoadedPlugin({ resize: { timeout: "10s" } }, settings),
      ({ timeoutMs }) =>
        new Promise((_resolve, reject) => {
          setTimeout(() => reject(new PaddockError("TIMEOUT", "late")), timeoutMs);
        }),
    );
    for (let at = 0; at < 4; at++)
      await expect(call("resize", null, { timeoutMs: 5 })).rejects.toMatchObject({
        code: "TIMEOUT",
        message: 'Cannot run "resize" of "acme/thumbs": no answer within 5 ms.',
      });
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
