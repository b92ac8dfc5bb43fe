import { type ErrorCode, isPaddockError, PaddockError } from "@paddock/contract";
import { describe, expect, it } from "vitest";
import { createPluginCallProvider, MAX_ANSWER_BYTES, type PluginCallTarget } from "./plugin-call.js";
import type { ProviderRequest } from "./provider.js";

const REQUEST: ProviderRequest = {
  plugin: { id: "acme/front", version: "1.0.0", digest: "sha256-0" },
  tenant: "main",
  call: 1,
  live: undefined,
  permissions: {},
  allowed: {},
  signal: undefined,
};

async function call(
  params: object,
  answer: (target: PluginCallTarget) => Promise<unknown>,
): Promise<unknown> {
  const method = createPluginCallProvider((_request, target) => answer(target)).methods["plugin.call"];
  const parsed = method?.params.safeParse(params);
  if (method === undefined || parsed?.success !== true) return "refused";
  try {
    return await method.run(parsed.data, REQUEST);
  } catch (error) {
    return isPaddockError(error) ? error : undefined;
  }
}

const TARGET = { plugin: "acme/back", action: "echo" };
const failing = (code: ErrorCode) => async () => {
  throw new PaddockError(code, "Words of the host and of another plugin.", {
    data: { pluginCode: "NO", details: { a: 1 }, retryAfterMs: 5, path: "/secret" },
  });
};

describe("plugin.call", () => {
  it("hands on who is meant, and answers with the value", async () => {
    expect(await call({ ...TARGET, payload: [1], timeoutMs: 5 }, async (target) => target)).toEqual({
      value: { ...TARGET, payload: [1], timeoutMs: 5 },
    });
    expect(await call(TARGET, async ({ payload }) => payload)).toEqual({ value: null });
  });

  it.each([
    {},
    { plugin: "acme/back" },
    { ...TARGET, plugin: 7 },
    { ...TARGET, action: "" },
    { ...TARGET, action: "x".repeat(65) },
    { ...TARGET, timeoutMs: 0 },
    { ...TARGET, timeoutMs: Number.POSITIVE_INFINITY },
    { ...TARGET, tenant: "other" },
    { ...TARGET, caller: "root" },
  ])("refuses %j", async (params) => {
    expect(await call(params, async () => "called")).toBe("refused");
  });

  it.each<readonly [ErrorCode, ErrorCode, boolean]>([
    ["PLUGIN_ERROR", "PLUGIN_ERROR", true],
    ["INPUT_INVALID", "INPUT_INVALID", true],
    ["PLUGIN_BUG", "PLUGIN_BUG", false],
    ["RATE_LIMITED", "RATE_LIMITED", false],
    ["CALLER_DENIED", "CALLER_DENIED", false],
    ["CAPABILITY_NOT_GRANTED", "PLUGIN_BUG", false],
    ["CALL_NOT_LIVE", "PLUGIN_BUG", false],
  ])("tells of %s the code %s, and the words: %j", async (code, told, hasWords) => {
    const error = await call(TARGET, failing(code));
    expect(error).toMatchObject({
      code: told,
      data: { pluginCode: "NO", details: { a: 1 }, retryAfterMs: 5 },
    });
    expect(JSON.stringify(error)).not.toContain("/secret");
    expect(JSON.stringify(error).includes("Words of")).toBe(hasWords);
  });

  it("takes no answer that is larger than what may go between two plugins", async () => {
    const large = await call(TARGET, async () => "x".repeat(MAX_ANSWER_BYTES));
    expect(large).toMatchObject({ code: "RESULT_TOO_LARGE" });
  });

  it("asks for exactly the action that it calls", () => {
    const method = createPluginCallProvider(async () => null).methods["plugin.call"];
    expect(method?.asks?.(TARGET)).toEqual({ plugin: "acme/back", actions: ["echo"] });
  });
});
