import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { definePlugin } from "../define-plugin.js";
import { fail } from "../fail.js";
import { isPermissionError } from "../permission-error.js";
import { createTestHost } from "./create-test-host.js";

const reason = "For the tests.";
const KV = { use: "storage.kv", max: "1KB" };
const EVENTS = [
  { use: "events.publish", topics: ["guests.*"], reason },
  { use: "events.subscribe", topics: ["orders.paid"], reason },
];

let shutdowns = 0;
const plugin = definePlugin({
  init: (ctx) => ctx.log.info("started", { config: ctx.config }),
  shutdown: () => {
    shutdowns++;
  },
  events: {
    "orders.paid": async (payload, ctx, { from }) => {
      if (payload === "bad") throw new Error("unpaid");
      await ctx.kv.set("paid", [payload, from ?? null]);
    },
  },
  actions: {
    async greet({ name }: { name: string }, ctx) {
      ctx.log.info("greeted", { name });
      ctx.progress(0.5, "half");
      if (name === "") throw fail("NAMELESS", "Who?", { asked: true });
      const times = Number((await ctx.kv.get(name)) ?? 0) + 1;
      await ctx.kv.set(name, times);
      return { greeting: `Hello ${name}`, times };
    },
    checked: { input: z.object({ size: z.number() }), output: z.string(), run: ({ size }) => size },
    list: (options: object, { kv }) => kv.list(options),
    set: ({ key, value }: { key: string; value: unknown }, { kv }) => kv.set(key, value),
    get: (key: string, { kv }) => kv.get(key),
    publish: (topic: string, { events }) => events.publish(topic, { topic }),
    ask: (_, { plugins }) => plugins.call("acme/images", "resize", { width: 3 }),
    caught: (_, { kv }) => kv.get("a").catch((error) => [isPermissionError(error), error.code]),
    report: async (_, { files }) => {
      const file = files.create("report.txt");
      await writeFile(file.path, (await readFile(files.inbox["in.txt"] ?? "", "utf8")).toUpperCase());
      return { file };
    },
    forgets: (_, { files }) => files.create("nothing.txt"),
    bytes: (input: Uint8Array) => new Uint8Array([...input, 9]),
    waits: (_, { signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
    breaks: () => {
      throw new TypeError("x is not a function");
    },
  },
});

describe("createTestHost({ plugin })", () => {
  it("runs the plugin with what it was granted, and records what it did", async () => {
    await using host = await createTestHost({ plugin, permissions: [KV], config: { size: 3 } });
    expect(await host.call("greet", { name: "Ada" })).toEqual({ greeting: "Hello Ada", times: 1 });
    expect(await host.call("greet", { name: "Ada" })).toEqual({ greeting: "Hello Ada", times: 2 });
    expect(await host.call("greet", { name: "Ada" }, { tenant: "other" })).toMatchObject({ times: 1 });
    expect(host.recorded.calls).toMatchObject([
      { action: "greet", payload: { name: "Ada" }, tenant: "main", outcome: { kind: "success" } },
      {},
      { tenant: "other" },
    ]);
    expect(host.recorded.logs.slice(0, 2)).toMatchObject([
      { message: "started", fields: { config: { size: 3 } } },
      { level: "info", message: "greeted", fields: { name: "Ada" } },
    ]);
    expect(host.recorded.progress[0]).toEqual({ tenant: "main", fraction: 0.5, message: "half" });
    expect(host.recorded.requests.slice(0, 2)).toEqual([
      {
        tenant: "main",
        method: "kv.get",
        capability: "storage.kv",
        params: { key: "Ada" },
        outcome: "allowed",
      },
      {
        tenant: "main",
        method: "kv.set",
        capability: "storage.kv",
        params: { key: "Ada", value: 1 },
        outcome: "allowed",
      },
    ]);
  });

  it("grants nothing that the test does not, and tells the plugin as a host does", async () => {
    await using host = await createTestHost({ plugin });
    expect(await host.call("caught")).toEqual([true, "CAPABILITY_NOT_DECLARED"]);
    expect(host.recorded.requests).toMatchObject([{ method: "kv.get", outcome: "CAPABILITY_NOT_DECLARED" }]);
  });

  it.each<readonly [string, unknown, object, string]>([
    ["greet", { name: "" }, {}, "PLUGIN_ERROR"],
    ["checked", { size: "3" }, {}, "INPUT_INVALID"],
    ["checked", { size: 3 }, {}, "OUTPUT_INVALID"],
    ["breaks", null, {}, "PLUGIN_BUG"],
    ["waits", null, { timeoutMs: 20 }, "TIMEOUT"],
    ["waits", null, { signal: AbortSignal.timeout(20) }, "CANCELLED"],
    ["constructor", null, {}, "ACTION_NOT_FOUND"],
    ["set", { key: "", value: 1 }, {}, "PLUGIN_BUG"],
    ["set", { key: "a", value: "x".repeat(2000) }, {}, "PLUGIN_BUG"],
  ])("fails as a host does: %s, case %$", async (action, payload, options, code) => {
    await using host = await createTestHost({ plugin, permissions: [KV] });
    await expect(host.call(action, payload, options)).rejects.toMatchObject({ name: "PaddockError", code });
    expect(host.recorded.calls[0]).toMatchObject({ outcome: { kind: "failure", error: { code } } });
  });

  it("keeps the code and the details of a declared failure", async () => {
    await using host = await createTestHost({ plugin, permissions: [KV] });
    await expect(host.call("greet", { name: "" })).rejects.toMatchObject({
      data: { pluginCode: "NAMELESS", details: { asked: true } },
    });
  });

  it("makes one request fail when told so", async () => {
    await using host = await createTestHost({ plugin, permissions: [KV] });
    host.failNext("kv.set", "STORE_FAILED", "The disk is on fire.");
    await expect(host.call("greet", { name: "Ada" })).rejects.toThrow("The disk is on fire.");
    expect(await host.call("greet", { name: "Ada" })).toMatchObject({ times: 1 });
    expect(() => host.failNext("kv.drop", "STORE_FAILED")).toThrow('Cannot fail "kv.drop"');
  });

  it("lists keys as a host does", async () => {
    await using host = await createTestHost({ plugin, permissions: [KV] });
    for (const key of ["b", "a", "ä", "c"]) await host.call("set", { key, value: 1 });
    expect(await host.call("list", {})).toEqual(["a", "b", "c", "ä"]);
    expect(await host.call("list", { after: "a", limit: 1 })).toEqual(["b"]);
    expect(await host.call("get", "nothing")).toBeNull();
  });

  it("gives events to the plugin and records what it publishes", async () => {
    await using host = await createTestHost({ plugin, permissions: [KV, ...EVENTS] });
    await host.publish("orders.paid", { id: 1 }, { from: "acme/shop" });
    expect(await host.call("get", "paid")).toEqual([{ id: 1 }, "acme/shop"]);
    await expect(host.publish("orders.paid", "bad")).rejects.toMatchObject({ code: "PLUGIN_BUG" });
    await expect(host.publish("orders.lost", 1)).rejects.toMatchObject({ code: "USAGE_INVALID" });
    await host.call("publish", "guests.came");
    await expect(host.call("publish", "orders.paid")).rejects.toMatchObject({
      code: "CAPABILITY_NOT_DECLARED",
    });
    expect(host.recorded.events).toEqual([
      { tenant: "main", topic: "guests.came", payload: { topic: "guests.came" } },
    ]);
  });

  it("answers for other plugins", async () => {
    const permissions = [{ use: "plugin.call", plugin: "acme/images", actions: ["resize"], reason }];
    const plugins = { "acme/images": { resize: (input: unknown) => ({ resized: input }) } };
    await using host = await createTestHost({ plugin, permissions, plugins });
    expect(await host.call("ask")).toEqual({ resized: { width: 3 } });
  });

  it("lets bytes through", async () => {
    await using host = await createTestHost({ plugin });
    expect(await host.call("bytes", new Uint8Array([1]))).toEqual(new Uint8Array([1, 9]));
  });

  it("carries files both ways and leaves none", async () => {
    const folders = async () =>
      (await readdir(tmpdir())).filter((name) => name.startsWith("paddock-test-files-"));
    const before = await folders();
    {
      await using host = await createTestHost({ plugin });
      const { file } = (await host.call("report", null, {
        files: { "in.txt": new TextEncoder().encode("abc") },
      })) as { file: { name: string; size: number; bytes(): Promise<Uint8Array> } }; // What the action returns.
      expect(file).toMatchObject({ name: "report.txt", size: 3 });
      expect(new TextDecoder().decode(await file.bytes())).toBe("ABC");
      await expect(host.call("forgets")).rejects.toMatchObject({ code: "FILE_REFUSED" });
      for (const files of [{ "../x": "a" }, { x: join(tmpdir(), "absent") }])
        await expect(host.call("report", null, { files })).rejects.toMatchObject({ code: "USAGE_INVALID" });
    }
    expect(await folders()).toEqual(before);
  });

  it("tells of a shutdown that failed, and ends the other tenants' all the same", async () => {
    const ended: string[] = [];
    const broken = definePlugin({
      actions: { x: () => 1 },
      shutdown: ({ tenant }) => {
        ended.push(tenant);
        if (tenant === "a") throw new Error("no");
      },
    });
    const host = await createTestHost({ plugin: broken });
    for (const tenant of ["a", "b"]) await host.call("x", null, { tenant });
    await expect(host.close()).rejects.toMatchObject({ code: "PLUGIN_BUG" });
    expect(ended).toEqual(["a", "b"]);
  });

  it("runs the plugin's shutdown when it is closed, and refuses calls then", async () => {
    const before = shutdowns;
    const host = await createTestHost({ plugin, permissions: [KV] });
    await host.call("get", "a");
    await Promise.all([host.close(), host.close()]);
    expect(shutdowns).toBe(before + 1);
    await expect(host.call("get", "a")).rejects.toMatchObject({ code: "HOST_CLOSED" });
  });

  it.each([
    ["no plugin", { plugin: {} }, "USAGE_INVALID"],
    ["a permission that there is not", { plugin, permissions: [{ use: "fly" }] }, "MANIFEST_INVALID"],
  ])("refuses %s", async (_, options, code) => {
    // What a program without types may give.
    await expect(createTestHost(options as never)).rejects.toMatchObject({ code });
  });
});

describe("createTestHost({ sandbox: true, folder })", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "test-host-"));
    await mkdir(join(folder, "plugin"));
    const root = join(import.meta.dirname, "../../../../node_modules");
    await symlink(root, join(folder, "node_modules"));
    const manifest = {
      manifest: 1,
      id: "acme/guests",
      version: "1.0.0",
      runtime: { kind: "node", entry: "main.js" },
      actions: { greet: { errors: { NAMELESS: "There was no name." } }, paid: {} },
      permissions: { required: [KV, ...EVENTS] },
    };
    await writeFile(join(folder, "plugin/plugin.json"), JSON.stringify(manifest));
    await writeFile(
      join(folder, "plugin/main.js"),
      `import { definePlugin, fail } from "@paddock/sdk";
       let heard = Promise.withResolvers();
       export default definePlugin({ events: { "orders.paid": (payload) => heard.resolve(payload) }, actions: {
         paid: () => heard.promise,
         async greet({ name }, ctx) {
           ctx.log.info("greeted", { name });
           if (name === "") throw fail("NAMELESS", "Who?", { asked: true });
           ctx.progress(0.5, "half");
           await ctx.events.publish("guests.came", { name });
           await ctx.kv.set(name, 1 + Number((await ctx.kv.get(name)) ?? 0));
           return { greeting: "Hello " + name, times: await ctx.kv.get(name) };
         },
       } });`,
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("answers, fails and records as the host in memory does, behind the walls", async () => {
    const homes = async () => (await readdir(tmpdir())).filter((name) => name.startsWith("paddock-test-"));
    const before = await homes();
    {
      await using host = await createTestHost({ sandbox: true, folder: join(folder, "plugin") });
      expect(await host.call("greet", { name: "Ada" })).toEqual({ greeting: "Hello Ada", times: 1 });
      await expect(host.call("greet", { name: "" })).rejects.toMatchObject({
        code: "PLUGIN_ERROR",
        data: { pluginCode: "NAMELESS", details: { asked: true } },
      });
      await expect
        .poll(() => host.recorded.logs)
        .toMatchObject([{ message: "greeted" }, { message: "greeted" }]);
      expect(host.recorded.requests).toMatchObject([
        { method: "events.publish", capability: "events.publish" },
        { method: "kv.get", capability: "storage.kv", outcome: "allowed" },
        { method: "kv.set" },
        { method: "kv.get" },
      ]);
      expect(host.recorded.calls).toMatchObject([
        { outcome: { kind: "success" } },
        { outcome: { kind: "failure" } },
      ]);
      expect(host.recorded.progress).toEqual([{ tenant: "main", fraction: 0.5, message: "half" }]);
      await expect
        .poll(() => host.recorded.events)
        .toEqual([{ tenant: "main", topic: "guests.came", payload: { name: "Ada" } }]);
      await host.publish("orders.paid", { id: 1 });
      expect(await host.call("paid")).toEqual({ id: 1 });
      expect(() => host.failNext("kv.set", "STORE_FAILED")).toThrow("only a host in memory can");
    }
    expect(await homes()).toEqual(before);
  });

  it("leaves nothing behind when the plugin cannot be loaded", async () => {
    await expect(createTestHost({ sandbox: true, folder: join(folder, "absent") })).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
    });
  });
});
