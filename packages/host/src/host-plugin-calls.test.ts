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
import type { CallTrace } from "./pipeline/trace.js";

/** Says what it was told about a failure. */
const FRONT = `
  const told = ({ name, code, message, data }) => ({ name, code, message, data });
  export default definePlugin({
    actions: {
      ask: ({ plugin, action, payload, timeoutMs }, ctx) =>
        ctx.plugins.call(plugin, action, payload, timeoutMs === undefined ? {} : { timeoutMs }).catch(told),
      circle: (depth, ctx) => ctx.plugins.call("acme/front", "circle", depth + 1).catch((error) => [depth, error.code]),
    },
  });`;

const BACK = `
  let aborted = 0;
  export default definePlugin({
    actions: {
      echo: (input) => input,
      who: (_, ctx) => ({ tenant: ctx.tenant, leftMs: ctx.deadline - Date.now() }),
      secret: () => "nobody's",
      refuse: () => { throw fail("NOT_TODAY", "Come back tomorrow"); },
      throws: () => { throw new Error("words of its own"); },
      hang: (_, ctx) => new Promise(() => { ctx.signal.addEventListener("abort", () => aborted++); }),
      aborted: () => aborted,
    },
  });`;

const OPEN = { callers: ["acme/front"] };
const calls = (plugin: string, actions: readonly string[]) => ({
  use: "plugin.call",
  plugin,
  actions,
  reason: "It is what it does.",
});

let before: Holdings;
let home: TemporaryHome;
let hosts: Host[] = [];
let count = 0;

beforeAll(async () => {
  home = await makeTemporaryHome();
  await writePlugin(join(home.path, "front"), {
    id: "acme/front",
    actions: { ask: {}, circle: { callers: ["acme/front"] } },
    more: {
      permissions: {
        required: [
          calls("acme/back", ["echo", "who", "secret", "refuse", "throws", "hang"]),
          calls("acme/front", ["circle"]),
          calls("acme/gone", ["echo"]),
        ],
      },
    },
    code: FRONT,
  });
  await writePlugin(join(home.path, "back"), {
    id: "acme/back",
    actions: {
      echo: { ...OPEN, input: { properties: { a: { type: "number" } } } },
      who: OPEN,
      secret: {},
      refuse: { ...OPEN, errors: { NOT_TODAY: "It is closed." } },
      throws: OPEN,
      hang: OPEN,
      aborted: {},
    },
    code: BACK,
  });
  before = holdings();
});
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  hosts = [];
  expect(await leftSince(before)).toEqual([]);
});
afterAll(() => home.remove());

async function start(options: Parameters<typeof createHost>[0] = {}): Promise<Host> {
  const host = await createHost({
    home: join(home.path, `home-${count++}`),
    preset: "development",
    ...options,
  });
  hosts.push(host);
  await host.load(join(home.path, "front"));
  await host.load(join(home.path, "back"));
  return host;
}

const ask = (host: Host, action: string, payload: unknown = null, more: object = {}, options: object = {}) =>
  host.call("acme/front", "ask", { plugin: "acme/back", action, payload, ...more }, options);

describe("a plugin that calls another one", () => {
  it("gets its answer, for the same tenant and within its own call's time", async () => {
    const host = await start();
    expect(await ask(host, "echo", { a: 1 })).toEqual({ a: 1 });
    const { tenant, leftMs } = (await ask(host, "who", null, {}, { tenant: "shop-7", timeoutMs: 5_000 })) as {
      tenant: string;
      leftMs: number;
    };
    expect(tenant).toBe("shop-7");
    expect(leftMs).toBeLessThanOrEqual(5_000);
  });

  it("shows in the trace as led to by the first", async () => {
    const traces: CallTrace[] = [];
    const host = await start({ onTrace: (trace) => traces.push(trace) });
    await ask(host, "echo", { a: 1 }, {}, { caller: "ann" });
    expect(traces.map(({ plugin, chain, caller, traceId }) => [plugin, chain, caller, traceId])).toEqual([
      ["acme/back", ["acme/front"], "ann", traces[0]?.traceId],
      ["acme/front", [], "ann", traces[0]?.traceId],
    ]);
  });

  it.each([
    ["an action that does not name it", "secret", {}, { name: "HostError", code: "CALLER_DENIED" }],
    [
      "an action it did not ask for",
      "aborted",
      {},
      { name: "PermissionError", code: "CAPABILITY_NOT_DECLARED" },
    ],
    ["a plugin it did not ask for", "echo", { plugin: "acme/other" }, { code: "CAPABILITY_NOT_DECLARED" }],
    ["a plugin that is not there", "echo", { plugin: "acme/gone" }, { code: "PLUGIN_NOT_FOUND" }],
    [
      "what is refused on purpose",
      "refuse",
      {},
      {
        code: "PLUGIN_ERROR",
        data: { pluginCode: "NOT_TODAY" },
        message: expect.stringContaining("tomorrow"),
      },
    ],
    ["input that does not fit", "echo", { payload: { b: 1 } }, { code: "INPUT_INVALID" }],
    ["a call that takes too long", "hang", { timeoutMs: 50 }, { code: "TIMEOUT" }],
  ])("is told about %s", async (_what, action, more, told) => {
    expect(await ask(await start(), action, null, more)).toMatchObject(told);
  });

  it("learns no words of the other one's mistakes", async () => {
    const told = await ask(await start(), "throws");
    expect(told).toMatchObject({ code: "PLUGIN_BUG" });
    expect(JSON.stringify(told)).not.toContain("words of its own");
  });

  it("takes what it asked for with it when its own call is given up", async () => {
    const host = await start();
    await host.start("acme/front");
    await host.start("acme/back");
    await expect(ask(host, "hang", null, {}, { timeoutMs: 200 })).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect.poll(() => host.call("acme/back", "aborted")).toBe(1);
  });

  it("cannot go round in circles", async () => {
    const host = await start();
    expect(await host.call("acme/front", "circle", 0)).toEqual([8, "CALL_TOO_DEEP"]);
  });

  it("may do nothing of it under a preset that grants nothing", async () => {
    expect(await ask(await start({ preset: "production" }), "echo")).toMatchObject({
      code: "CAPABILITY_NOT_GRANTED",
    });
  });
});
