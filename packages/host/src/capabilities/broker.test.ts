import { PaddockError, parseManifest, presetLimits } from "@paddock/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createBroker } from "./broker.js";
import type { DecisionRecord } from "./decision-record.js";
import type { GuestIdentity, LiveCalls } from "./guest-identity.js";
import type { CapabilityProvider, ProviderRequest } from "./provider.js";

const SECRET = "/home/operator/secret.db";

const manifest = parseManifest(
  {
    manifest: 1,
    id: "acme/x",
    version: "1.0.0",
    runtime: { kind: "node", entry: "main.js" },
    actions: { go: {} },
  },
  "plugin.yaml",
);
const guest: GuestIdentity = {
  plugin: { id: "acme/x", version: "1.0.0", digest: "sha256:00" },
  tenant: "shop-7",
  context: { manifest, limits: presetLimits("production") },
  permissions: { "storage.kv": { maxBytes: 1_048_576 } },
};
const running: LiveCalls = { has: (id) => id === 7, isStarting: false };
const starting: LiveCalls = { has: () => false, isStarting: true };

function provide(run: (params: unknown, request: ProviderRequest) => Promise<unknown>): CapabilityProvider {
  const key = z.string({ error: "text" });
  return {
    capability: "storage.kv",
    methods: { "kv.get": { params: z.strictObject({ key }), run } },
    close: () => Promise.resolve(),
  };
}

function brokerOf(run: (params: unknown, request: ProviderRequest) => Promise<unknown> = async () => "done") {
  const records: DecisionRecord[] = [];
  const broker = createBroker({ providers: [provide(run)], onDecision: (record) => records.push(record) });
  return { broker, records };
}

describe("a broker", () => {
  test("gives the provider who asks and the most it may have", async () => {
    const { broker, records } = brokerOf(async (params, request) => ({ params, request }));
    expect(await broker.handle(guest, "kv.get", { call: 7, key: "a" }, running)).toEqual({
      params: { key: "a" },
      request: {
        plugin: guest.plugin,
        tenant: "shop-7",
        call: 7,
        live: undefined,
        permissions: guest.permissions,
        allowed: { maxBytes: 1_048_576 },
        signal: undefined,
      },
    });
    expect(records).toEqual([
      {
        plugin: guest.plugin,
        tenant: "shop-7",
        method: "kv.get",
        capability: "storage.kv",
        call: 7,
        outcome: { kind: "allowed" },
      },
    ]);
  });

  test("takes the tenant from the call that is served, not from the guest", async () => {
    const { broker } = brokerOf(async (_, request) => [request.tenant, request.live]);
    const live = { tenant: "shop-9", chain: [] };
    const calls: LiveCalls = { ...running, find: () => live };
    expect(await broker.handle(guest, "kv.get", { call: 7, key: "a" }, calls)).toEqual(["shop-9", live]);
  });

  test("serves a guest that starts without a call", async () => {
    expect(await brokerOf().broker.handle(guest, "kv.get", { key: "a" }, starting)).toBe("done");
  });

  test.each<[string, string, unknown, string]>([
    ["a method that does not exist", "kv.steal", { call: 7, key: "a" }, "CAPABILITY_UNKNOWN"],
    ["a method of JavaScript's own", "constructor", { call: 7, key: "a" }, "CAPABILITY_UNKNOWN"],
    ["a method called __proto__", "__proto__", { call: 7, key: "a" }, "CAPABILITY_UNKNOWN"],
    ["a call that is over", "kv.get", { call: 8, key: "a" }, "CALL_NOT_LIVE"],
    ["no call, once it runs", "kv.get", { key: "a" }, "CALL_NOT_LIVE"],
    ["a call that is no number", "kv.get", { call: "7", key: "a" }, "USAGE_INVALID"],
    ["a call with a fraction", "kv.get", { call: 7.5, key: "a" }, "USAGE_INVALID"],
    ["a call that is null", "kv.get", { call: null, key: "a" }, "USAGE_INVALID"],
    ["no parameters", "kv.get", undefined, "USAGE_INVALID"],
    ["a list of parameters", "kv.get", [7, "a"], "USAGE_INVALID"],
    ["a parameter too few", "kv.get", { call: 7 }, "USAGE_INVALID"],
    ["a parameter too many", "kv.get", { call: 7, key: "a", tenant: "shop-8" }, "USAGE_INVALID"],
    ["a prototype", "kv.get", JSON.parse('{"call":7,"key":"a","__proto__":{"key":"b"}}'), "USAGE_INVALID"],
  ])("refuses %s before it does anything", async (_, method, params, code) => {
    const { broker, records } = brokerOf(() => expect.unreachable());
    await expect(broker.handle(guest, method, params, running)).rejects.toMatchObject({ code });
    expect(records).toMatchObject([{ outcome: { kind: "denied", code } }]);
  });

  test("refuses what was not granted, whatever the manifest says", async () => {
    const { broker } = brokerOf(() => expect.unreachable());
    const without = { ...guest, permissions: {} };
    await expect(broker.handle(without, "kv.get", { call: 7, key: "a" }, running)).rejects.toMatchObject({
      code: "CAPABILITY_NOT_GRANTED",
      message: '"storage.kv": The plugin used a capability that it was not granted.',
    });
  });

  test("refuses when deciding fails", async () => {
    const { broker } = brokerOf(() => expect.unreachable());
    const broken: LiveCalls = {
      isStarting: false,
      has: () => {
        throw new Error(SECRET);
      },
    };
    const refused = broker.handle(guest, "kv.get", { call: 7, key: "a" }, broken);
    await expect(refused).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(refused).rejects.not.toThrow(SECRET);
  });

  test("does nothing that cannot be recorded", async () => {
    const broker = createBroker({
      providers: [provide(() => expect.unreachable())],
      onDecision: () => {
        throw new Error(SECRET);
      },
    });
    const refused = broker.handle(guest, "kv.get", { call: 7, key: "a" }, running);
    await expect(refused).rejects.toMatchObject({ code: "INTERNAL", data: { capability: "storage.kv" } });
  });

  test.each<[string, unknown, string]>([
    ["an error of JavaScript", new TypeError(`no ${SECRET}`), "INTERNAL"],
    ["text", SECRET, "INTERNAL"],
    [
      "an error of the host",
      new PaddockError("STORE_FAILED", SECRET, { hint: SECRET, data: { SECRET } }),
      "STORE_FAILED",
    ],
    ["an error with a made-up code", Object.assign(new Error(SECRET), { code: "TIMEOUT" }), "INTERNAL"],
  ])("tells the plugin nothing of the host when a provider throws %s", async (_, thrown, code) => {
    const { broker, records } = brokerOf(() => Promise.reject(thrown));
    const error: unknown = await broker
      .handle(guest, "kv.get", { call: 7, key: "a" }, running)
      .catch((e) => e);
    expect(error).toMatchObject({ code, data: { capability: "storage.kv" } });
    expect(JSON.stringify(error)).not.toContain(SECRET);
    expect(records[1]).toMatchObject({ outcome: { kind: "failed", code, error: thrown } });
  });

  test("passes on what a provider says to the plugin", async () => {
    const quota = new PaddockError("QUOTA_EXCEEDED", "Full.", {
      hint: "Delete something.",
      data: { usedBytes: 5 },
    });
    const { broker } = brokerOf(() => Promise.reject(quota));
    await expect(broker.handle(guest, "kv.get", { call: 7, key: "a" }, running)).rejects.toMatchObject({
      code: "QUOTA_EXCEEDED",
      message: "Full.",
      hint: "Delete something.",
      data: { usedBytes: 5, capability: "storage.kv" },
    });
  });

  test("escapes and cuts what it repeats of the plugin's own text", async () => {
    const { broker } = brokerOf();
    const params = { call: 7, key: "a", [`\u001b[2J\u202e${"x".repeat(50_000)}`]: 1 };
    const error: unknown = await broker.handle(guest, "kv.get", params, running).catch((e) => e);
    expect(error).toBeInstanceOf(PaddockError);
    expect(JSON.stringify(error)).toMatch(/^[\x20-\x7e\u2026]{1,500}$/);
  });

  test("cannot have two providers for one method", () => {
    const twice = [provide(async () => 1), provide(async () => 2)];
    expect(() => createBroker({ providers: twice })).toThrow('Cannot provide "kv.get" twice.');
  });

  test("only ever rejects with an error of ours, whatever a guest sends", async () => {
    const { broker } = brokerOf();
    const method = fc.oneof(fc.constant("kv.get"), fc.string());
    const params = fc.oneof(fc.jsonValue(), fc.record({ call: fc.jsonValue(), key: fc.jsonValue() }));
    await fc.assert(
      fc.asyncProperty(method, params, async (name, sent) => {
        const answer: unknown = await broker.handle(guest, name, sent, running).catch((e) => e);
        if (answer !== "done") expect(answer).toBeInstanceOf(PaddockError);
      }),
    );
  });
});
