import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PaddockError } from "@paddock/contract";
import { fail } from "@paddock/sdk";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import type { Host } from "../host-interface.js";
import { definePoint } from "../points/point.js";
import { createFakeHost, type FakeHost } from "./create-fake-host.js";

const discount = definePoint("shop.discount@1", {
  input: z.object({ total: z.number() }),
  output: z.object({ amount: z.number() }),
});

const start = (): FakeHost =>
  createFakeHost({
    points: [discount],
    plugins: {
      "acme/loyalty": {
        implements: ["shop.discount@1"],
        actions: {
          discount: ({ total }: { total: number }) => ({ amount: total / 10 }),
          echo: (input) => input,
          who: (_, call) => [call.tenant, call.caller, call.plugin, call.action],
          refuses: () => {
            throw fail("SOLD_OUT", "None left", { of: 3 });
          },
          crashes: () => {
            throw new PaddockError("CRASHED", "It is gone.");
          },
          breaks: () => {
            throw new TypeError("x is not a function");
          },
          answersNoJson: () => 1n,
          hangs: (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", reject)),
        },
      },
    },
  });
const call = (host: Host, action: string, payload?: unknown, options?: Parameters<Host["call"]>[3]) =>
  host.call("acme/loyalty", action, payload, options);

const one = (): number => 1;

describe("createFakeHost()", () => {
  it("stands where a host is expected, and says what it is", async () => {
    const host = start();
    expectTypeOf(host).toExtend<Host>();
    expect(host.isFake).toBe(true);
    expect(host.plugins()).toMatchObject([{ id: "acme/loyalty", version: "1.0.0" }]);
    expect(await host).toBe(host);
  });

  it("gives a copy of the payload to the function and a copy of its answer back", async () => {
    const given = { list: [1, undefined], at: new Date(0), bytes: new Uint8Array([1]) };
    const got = await call(start(), "echo", given);
    expect(got).toEqual({ list: [1, null], at: "1970-01-01T00:00:00.000Z", bytes: new Uint8Array([1]) });
    expect(got).not.toBe(given);
    expect(await call(start(), "echo")).toBeNull();
  });

  it("tells the function about its call", async () => {
    expect(await call(start(), "who", null, { tenant: "t", caller: "ada" })).toEqual([
      "t",
      "ada",
      "acme/loyalty",
      "who",
    ]);
  });

  it.each<readonly [string, unknown, object, string]>([
    ["refuses", null, {}, "PLUGIN_ERROR"],
    ["crashes", null, {}, "CRASHED"],
    ["breaks", null, {}, "PLUGIN_BUG"],
    ["answersNoJson", null, {}, "PLUGIN_BUG"],
    ["hangs", null, { timeoutMs: 10 }, "TIMEOUT"],
    ["hangs", null, { signal: AbortSignal.timeout(50) }, "CANCELLED"],
    ["echo", 1n, {}, "USAGE_INVALID"],
    ["echo", null, { tenant: "../x" }, "USAGE_INVALID"],
    ["constructor", null, {}, "ACTION_NOT_FOUND"],
  ])("fails as a host would: %s, case %$", async (action, payload, options, code) => {
    await expect(call(start(), action, payload, options)).rejects.toMatchObject({
      name: "PaddockError",
      code,
    });
  });

  it("keeps the code and the details of a declared failure", async () => {
    await expect(call(start(), "refuses")).rejects.toMatchObject({
      message: "None left",
      data: { pluginCode: "SOLD_OUT", details: { of: 3 } },
    });
  });

  it("records every call with its outcome", async () => {
    const host = start();
    await call(host, "echo", { a: 1 }, { tenant: "t" });
    await expect(call(host, "breaks")).rejects.toThrow();
    const pending = call(host, "hangs", null, { timeoutMs: 50 });
    expect(host.calls).toMatchObject([
      {
        plugin: "acme/loyalty",
        action: "echo",
        payload: { a: 1 },
        tenant: "t",
        outcome: { kind: "success" },
      },
      { action: "breaks", outcome: { kind: "failure", error: { code: "PLUGIN_BUG" } } },
      { action: "hangs", outcome: { kind: "pending" } },
    ]);
    await expect(pending).rejects.toThrow();
  });

  it("answers extension points with both schemas checked", async () => {
    const host = start();
    expect(await host.point(discount).one({ total: 30 })).toEqual({ amount: 3 });
    expect(await host.point(discount).all({ total: 30 })).toMatchObject([
      { kind: "success", plugin: "acme/loyalty" },
    ]);
    // @ts-expect-error The schema wants a number.
    await expect(host.point(discount).one({ total: "30" })).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });

  it("runs a batch, with a result or an error for each payload", async () => {
    const host = start();
    expect(await host.batch("acme/loyalty", "echo", [1, 1n, "a"])).toMatchObject([
      { kind: "success", value: 1 },
      { kind: "failure", error: { code: "USAGE_INVALID" } },
      { kind: "success", value: "a" },
    ]);
    await expect(host.batch("acme/loyalty", "echo", [1], { tenant: "../x" })).rejects.toMatchObject({
      code: "USAGE_INVALID",
    });
    expect(await host.batch("acme/loyalty", "hangs", Array(20).fill(1), { timeoutMs: 30 })).toMatchObject(
      Array(20).fill({ kind: "failure", error: { code: "TIMEOUT" } }),
    );
  });

  it("gives the fallback where a real host would", async () => {
    expect(await call(start(), "crashes", null, { fallback: 3 })).toBe(3);
    expect(await call(start(), "crashes", null, { fallback: (error: PaddockError) => error.code })).toBe(
      "CRASHED",
    );
    await expect(call(start(), "refuses", null, { fallback: 3 })).rejects.toMatchObject({
      code: "PLUGIN_ERROR",
    });
  });

  it("carries events and progress between the application and its fakes", async () => {
    const heard: unknown[] = [];
    const host = createFakeHost({
      plugins: {
        "acme/a": {
          actions: {
            pay: async (_, fake) => {
              fake.progress(0.5, "half");
              await fake.publish("orders.paid", { id: 1 });
            },
          },
        },
        "acme/b": {
          actions: { x: () => 1 },
          events: { "orders.*": (payload, event) => heard.push(payload, event) },
        },
      },
    });
    const subscription = host.subscribe("orders.paid");
    await host.call("acme/a", "pay", null, { tenant: "t", onProgress: (progress) => heard.push(progress) });
    const about = { topic: "orders.paid", tenant: "t", from: "acme/a" };
    expect(heard).toEqual([{ fraction: 0.5, message: "half" }, { id: 1 }, about]);
    expect((await subscription.next()).value).toEqual({ kind: "event", payload: { id: 1 }, ...about });
    await host.publish("orders.lost", 2);
    expect(heard.slice(3)).toEqual([2, { topic: "orders.lost", tenant: "main", from: undefined }]);
    await host.close();
    expect((await subscription.next()).done).toBe(true);
  });

  it("shows the application lifecycle events that the test emits", async () => {
    const host = start();
    const events = host.events({ plugin: "acme/loyalty" });
    const event = {
      at: 1,
      plugin: "acme/loyalty",
      version: "1.0.0",
      kind: "state",
      from: "ready",
      to: "crashed",
    } as const;
    host.emit(event);
    expect((await events.next()).value).toEqual(event);
    await host.close();
  });

  it("refuses what only a real host can do", async () => {
    const host = start();
    await expect(host.load("folder")).rejects.toMatchObject({ code: "UNSUPPORTED_PLATFORM" });
    await expect(
      Reflect.get(host, "admin").suspend({ id: "ada", roles: [] }, "acme/loyalty"),
    ).rejects.toMatchObject({
      code: "UNSUPPORTED_PLATFORM",
    });
  });

  it("refuses calls once it is closed", async () => {
    const host = start();
    await host.close();
    await expect(call(host, "echo")).rejects.toMatchObject({ code: "HOST_CLOSED" });
  });

  it.each([
    ["an id that is none", { Acme: { actions: { a: one } } }, "MANIFEST_INVALID"],
    ["a version that is none", { "acme/a": { version: "1", actions: { a: one } } }, "MANIFEST_INVALID"],
    ["no actions", { "acme/a": { actions: {} } }, "MANIFEST_INVALID"],
    ["an action that is no function", { "acme/a": { actions: { a: 3 } } }, "USAGE_INVALID"],
    [
      "a point without its action",
      { "acme/a": { implements: ["shop.discount@1"], actions: { a: one } } },
      "PLUGIN_MISMATCH",
    ],
  ])("refuses %s", (_, plugins, code) => {
    // What a program without types may give.
    expect(() => createFakeHost({ points: [discount], plugins: plugins as never })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it("needs nothing that isolates, works on other systems, and warns once that it has no walls", async () => {
    const built = new URL("../../dist/", import.meta.url).href;
    const program = `
      import { registerHooks } from "node:module";
      Object.defineProperty(process, "platform", { value: "darwin" });
      const loaded = [];
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
      const { createFakeHost } = await import("${built}fake/create-fake-host.js");
      const make = () => createFakeHost({ plugins: { "acme/a": { actions: { b: () => 1 } } } });
      make();
      console.log(await make().call("acme/a", "b"), loaded.filter((url) => /isolation|runtimes|supervisor/.test(url)));
      await import("${built}index.js");`;
    const { NODE_ENV: _, ...env } = process.env;
    const { stdout, stderr } = await promisify(execFile)(
      fileURLToPath(new URL("../../../../node_modules/.bin/node", import.meta.url)),
      ["--input-type=module", "-e", program],
      { env },
    );
    expect(stdout).toBe("1 []\n");
    expect(stderr.match(/PADDOCK_FAKE_HOST/g)).toHaveLength(1);
  });
});
