import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSqliteStore } from "../store/sqlite.js";
import type { Store } from "../store/store.js";
import { createKeyValueProvider, MAX_KEY_BYTES, MAX_KEYS, MAX_VALUE_BYTES } from "./kv.js";
import type { ProviderRequest } from "./provider.js";

const MB = 1024 ** 2;

let directory: string;
let store: Store;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "paddock-kv-"));
  store = createSqliteStore(directory);
});

afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

const request: ProviderRequest = {
  plugin: { id: "acme/x", version: "1.0.0", digest: "sha256:00" },
  tenant: "main",
  call: 1,
  live: undefined,
  permissions: {},
  allowed: { maxBytes: MB },
  signal: undefined,
};

/** As the broker does it: parse, then run. */
async function ask(method: string, params: object, by: Partial<ProviderRequest> = {}): Promise<unknown> {
  const { methods } = createKeyValueProvider(store);
  const found = methods[`kv.${method}`];
  if (found === undefined) return expect.unreachable();
  const parsed = found.params.safeParse(params);
  if (!parsed.success) throw new TypeError(parsed.error.issues[0]?.message);
  return found.run(parsed.data, { ...request, ...by });
}

describe("storage.kv", () => {
  test("remembers any JSON", async () => {
    const value = { a: [1, null, true, "ü\u0000\ud800"], constructor: { "": -0.5 } };
    expect(await ask("set", { key: "k", value })).toEqual({});
    expect(await ask("get", { key: "k" })).toEqual({ value });
    expect(await ask("set", { key: "k", value: null })).toEqual({});
    expect(await ask("get", { key: "k" })).toEqual({ value: null });
  });

  test("has nothing for a key that was never set or was deleted", async () => {
    expect(await ask("get", { key: "k" })).toEqual({});
    await ask("set", { key: "k", value: 1 });
    await ask("delete", { key: "k" });
    await ask("delete", { key: "k" });
    expect(await ask("get", { key: "k" })).toEqual({});
  });

  test.each<[string, object]>([
    ["an empty key", { key: "" }],
    ["a key that is too long", { key: "k".repeat(MAX_KEY_BYTES + 1) }],
    ["a key with too many bytes", { key: "ü".repeat(MAX_KEY_BYTES / 2 + 1) }],
    ["a key with a NUL", { key: "a\u0000b" }],
    ["a key with a line break", { key: "a\nb" }],
    ["a key with half a surrogate pair", { key: "a\ud800" }],
    ["a key that is a number", { key: 1 }],
    ["another tenant", { key: "k", tenant: "other" }],
  ])("refuses %s", async (_, params) => {
    await expect(ask("get", params)).rejects.toThrow(TypeError);
  });

  test("takes keys and values up to their bounds and no further", async () => {
    const key = "k".repeat(MAX_KEY_BYTES);
    const value = "v".repeat(MAX_VALUE_BYTES - 2);
    await ask("set", { key, value });
    expect(await ask("get", { key })).toEqual({ value });
    await expect(ask("set", { key, value: `${value}v` })).rejects.toMatchObject({ code: "USAGE_INVALID" });
    await expect(ask("set", { key })).rejects.toThrow("a value");
  });

  test("counts keys and values against the quota and says how much is used", async () => {
    const allowed = { maxBytes: 10 };
    await ask("set", { key: "a", value: 1234 }, { allowed });
    await ask("set", { key: "b", value: 1234 }, { allowed });
    await expect(ask("set", { key: "c", value: 1 }, { allowed })).rejects.toMatchObject({
      code: "QUOTA_EXCEEDED",
      data: { usedBytes: 10, maxBytes: 10, usedKeys: 2, maxKeys: MAX_KEYS },
    });
    // Replacing a value counts the difference only.
    await ask("set", { key: "a", value: 4321 }, { allowed });
    await expect(ask("set", { key: "a", value: 43210 }, { allowed })).rejects.toMatchObject({
      code: "QUOTA_EXCEEDED",
    });
    expect(await ask("get", { key: "a" })).toEqual({ value: 4321 });
    await ask("delete", { key: "b" });
    await ask("set", { key: "a", value: 43210 }, { allowed });
  });

  test("cannot be overrun by many writes at once", async () => {
    const allowed = { maxBytes: 100 };
    const sets = Array.from({ length: 200 }, (_, at) => ask("set", { key: `k${at}`, value: 1 }, { allowed }));
    const outcomes = await Promise.allSettled(sets);
    const { keys } = (await ask("list", {})) as { readonly keys: readonly string[] };
    const bytes = keys.reduce((sum, key) => sum + key.length + 1, 0);
    expect(bytes).toBeLessThanOrEqual(100);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(keys.length);
  });

  test("gives nothing to a plugin without a maximum", async () => {
    const allowed = {};
    await expect(ask("set", { key: "a", value: 1 }, { allowed })).rejects.toMatchObject({
      code: "QUOTA_EXCEEDED",
    });
  });

  test("lists keys in the order of their bytes, by prefix, in pages", async () => {
    for (const key of ["a", "a/1", "a/2", "a0", "b", "\uffee", "\u{1f600}"])
      await ask("set", { key, value: 1 });
    expect(await ask("list", {})).toEqual({ keys: ["a", "a/1", "a/2", "a0", "b", "\uffee", "\u{1f600}"] });
    expect(await ask("list", { prefix: "a/" })).toEqual({ keys: ["a/1", "a/2"] });
    expect(await ask("list", { prefix: "a", limit: 2 })).toEqual({ keys: ["a", "a/1"] });
    expect(await ask("list", { prefix: "a", limit: 2, after: "a/1" })).toEqual({ keys: ["a/2", "a0"] });
    expect(await ask("list", { prefix: "a", after: "b" })).toEqual({ keys: [] });
    expect(await ask("list", { prefix: "%" })).toEqual({ keys: [] });
    await expect(ask("list", { limit: 1_001 })).rejects.toThrow("a whole number from 1 to 1000");
  });

  test.each<[string, Partial<ProviderRequest>]>([
    ["tenants", { tenant: "other" }],
    ["plugins", { plugin: { ...request.plugin, id: "acme/y" } }],
    ["names that look alike when joined", { plugin: { ...request.plugin, id: "acme" }, tenant: "x/main" }],
  ])("keeps %s apart", async (_, other) => {
    await ask("set", { key: "k", value: "mine" });
    expect(await ask("get", { key: "k" }, other)).toEqual({});
    expect(await ask("list", {}, other)).toEqual({ keys: [] });
    await ask("set", { key: "k", value: "theirs" }, other);
    await ask("delete", { key: "k" }, other);
    expect(await ask("get", { key: "k" })).toEqual({ value: "mine" });
  });

  test("survives an update of the plugin and a restart of the host", async () => {
    await ask("set", { key: "k", value: 1 });
    await store.close();
    store = createSqliteStore(directory);
    const plugin = { id: "acme/x", version: "2.0.0", digest: "sha256:11" };
    expect(await ask("get", { key: "k" }, { plugin })).toEqual({ value: 1 });
  });

  test("behaves as a map does, whatever the order", async () => {
    const key = fc.constantFrom("a", "aa", "b", "ü", "constructor", "__proto__");
    const step = fc.oneof(
      fc.record({ method: fc.constant("set"), key, value: fc.jsonValue() }),
      fc.record({ method: fc.constantFrom("get", "delete"), key }),
      fc.record({ method: fc.constant("list"), prefix: fc.constantFrom("", "a", "z") }),
    );
    let tenants = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const tenant = `t${tenants++}`;
        const model = new Map<string, string>();
        for (const { method, ...params } of steps) {
          const answer = await ask(method, params, { tenant });
          expect(JSON.stringify(answer)).toBe(JSON.stringify(answerOf(model, method, params)));
        }
      }),
      { numRuns: 40 },
    );
  });
});

function answerOf(model: Map<string, string>, method: string, params: object): unknown {
  const { key = "", value, prefix = "" } = params as { key?: string; value?: unknown; prefix?: string };
  switch (method) {
    case "get": {
      const text = model.get(key);
      return text === undefined ? {} : { value: JSON.parse(text) };
    }
    case "set":
      model.set(key, JSON.stringify(value));
      return {};
    case "delete":
      model.delete(key);
      return {};
    default: {
      const keys = [...model.keys()].filter((one) => one.startsWith(prefix));
      return { keys: keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))) };
    }
  }
}
