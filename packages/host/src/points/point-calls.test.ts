import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { writeFolder } from "../../../../test/plugins/bundle-folders/write-folder.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../test/plugins/host-behaviours/temporary-home.js";
import { createHost } from "../host.js";
import type { Host, HostOptions } from "../host-interface.js";
import { definePoint } from "./point.js";
import type { PointResult } from "./point-calls.js";

const discount = definePoint("shop.discount@1", {
  input: z.object({ total: z.number().positive(), currency: z.string().default("EUR") }),
  output: z.object({ amount: z.number().refine(async (amount) => amount <= 50, "is above 50") }),
});

const BODIES: Readonly<Record<string, string>> = {
  tenth: "(order) => ({ amount: order.total / 10, currency: order.currency })",
  greedy: "() => ({ amount: 1000 })",
  silent: "() => null",
  refuses: '() => { throw fail("CLOSED"); }',
  dies: "() => process.exit(3)",
  hangs: "() => new Promise(() => setTimeout(() => undefined, 1e6))",
};

let home: TemporaryHome;
let hosts: Host[] = [];
beforeAll(async () => {
  home = await makeTemporaryHome();
  for (const [name, body] of Object.entries(BODIES)) await write(name, body);
  await write("newer", BODIES.tenth ?? "", { implements: ["shop.discount@2"] });
  await write("lazy", BODIES.tenth ?? "", { actions: { other: {} } }, "other");
});
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  hosts = [];
});
afterAll(() => home.remove());

function write(name: string, body: string, change: object = {}, action = "discount"): Promise<string> {
  const manifest = {
    manifest: 1,
    id: `acme/${name}`,
    version: "1.2.0",
    runtime: { kind: "node", entry: "main.js" },
    implements: ["shop.discount@1"],
    actions: { discount: { errors: { CLOSED: "It is closed." } } },
    ...change,
  };
  return writeFolder(join(home.path, name), {
    "plugin.json": JSON.stringify(manifest),
    "main.js": `import { definePlugin, fail } from "@paddock/sdk";
      export default definePlugin({ actions: { ${action}: ${body} } });`,
  });
}

async function start(names: readonly string[], options: HostOptions = {}): Promise<Host> {
  const host = await createHost({ home: join(home.path, "home"), ...options });
  hosts.push(host);
  await host.loadAll(names.map((name) => join(home.path, name)));
  return host;
}

const order = { total: 100 };
const outcome = (result: PointResult<unknown>) => [
  result.plugin,
  result.kind === "success" ? result.value : result.error.code,
];

describe("host.point().all()", () => {
  it("has one typed answer or error for each implementor, whatever becomes of the others", async () => {
    const host = await start(["tenth", "greedy", "silent", "refuses", "dies", "hangs", "newer", "lazy"]);
    const results = await host.point(discount).all(order, { timeoutMs: 3_000 });
    expectTypeOf(results).toEqualTypeOf<readonly PointResult<{ amount: number }>[]>();
    expect(results.map(outcome)).toEqual([
      ["acme/dies", "CRASHED"],
      ["acme/greedy", "OUTPUT_INVALID"],
      ["acme/hangs", "TIMEOUT"],
      ["acme/lazy", "PLUGIN_MISMATCH"],
      ["acme/refuses", "PLUGIN_ERROR"],
      ["acme/silent", "OUTPUT_INVALID"],
      ["acme/tenth", { amount: 10 }],
    ]);
  });

  it("asks at the same time, and those chosen in the order chosen", async () => {
    const host = await start(["tenth", "greedy", "hangs"]);
    const before = performance.now();
    const plugins = ["acme/tenth", "acme/hangs", "acme/greedy"];
    const results = await host.point(discount).all(order, { plugins, timeoutMs: 2_000 });
    expect(results.map(({ plugin }) => plugin)).toEqual(plugins);
    expect(performance.now() - before).toBeLessThan(3_500);
  });

  it("has the reason as the result of a plugin that is suspended, and goes on without one that is unloaded", async () => {
    const host = await start(["greedy", "tenth", "silent"]);
    await host.admin.suspend({ id: "ada", roles: ["operator"] }, "acme/tenth");
    await host.unload("acme/silent");
    expect((await host.point(discount).all(order)).map(outcome)).toEqual([
      ["acme/greedy", "OUTPUT_INVALID"],
      ["acme/tenth", "PLUGIN_SUSPENDED"],
    ]);
    await host.admin.resume({ id: "ada", roles: ["operator"] }, "acme/tenth");
    expect(await host.point(discount).first(order)).toEqual({ amount: 10 });
  });

  it("has each plugin's own answer while another one dies again and again", async () => {
    // One of its own: the host's home remembers who is in quarantine.
    await write("fragile", BODIES.dies ?? "");
    const host = await start(["fragile", "tenth"], {
      defaults: { restart: { crashes: 2, window: "1m" }, retry: { attempts: 1 } },
    });
    const codes: unknown[] = [];
    const ask = async () => {
      const [dead, alive] = (await host.point(discount).all(order)).map(outcome);
      expect(alive).toEqual(["acme/tenth", { amount: 10 }]);
      codes.push(dead?.[1]);
      return dead?.[1];
    };
    await expect.poll(ask, { timeout: 15_000 }).toBe("PLUGIN_QUARANTINED");
    expect(codes).toContain("CRASHED");
  });

  it("gives the plugin what the input schema made", async () => {
    const host = await start(["tenth"]);
    const seen = definePoint("shop.discount@1", {
      input: discount.input,
      output: z.object({ currency: z.string() }),
    });
    expect(await host.point(seen).one(order)).toEqual({ currency: "EUR" });
  });

  it("is empty when nobody implements it", async () => {
    const host = await start(["newer"]);
    expect(await host.point(discount).all(order)).toEqual([]);
  });

  it.each([
    ["a payload that does not fit", { total: -1 }, {}, "INPUT_INVALID"],
    ["a tenant that is none", order, { tenant: "../x" }, "USAGE_INVALID"],
    ["a signal that has aborted", order, { signal: AbortSignal.abort() }, "CANCELLED"],
    ["a plugin that is not loaded", order, { plugins: ["acme/nobody"] }, "PLUGIN_NOT_FOUND"],
    ["a plugin that does not implement it", order, { plugins: ["acme/newer"] }, "POINT_NOT_FOUND"],
  ])("rejects before any guest starts for %s", async (_, payload, options, code) => {
    const host = await start(["tenth", "newer"]);
    for (const method of ["all", "first", "one"] as const)
      await expect(host.point(discount)[method](payload, options)).rejects.toMatchObject({ code });
    expect(await host.posture("acme/tenth")).toEqual([]);
  });
});

describe("host.point().first()", () => {
  it("falls over to the next plugin until one answers", async () => {
    const host = await start(["dies", "greedy", "tenth"]);
    expect(await host.point(discount).first(order)).toEqual({ amount: 10 });
  });

  it("takes no fallback for an answer", async () => {
    const host = await start(["dies", "tenth"]);
    const options: object = { fallback: { amount: 1 } };
    expect(await host.point(discount).first(order, options)).toEqual({ amount: 10 });
  });

  it("says of each plugin why it failed when all do", async () => {
    const host = await start(["dies", "refuses"]);
    await expect(host.point(discount).first(order)).rejects.toMatchObject({
      code: "PLUGIN_UNAVAILABLE",
      data: {
        failures: [
          { plugin: "acme/dies", code: "CRASHED" },
          { plugin: "acme/refuses", code: "PLUGIN_ERROR" },
        ],
      },
    });
  });

  it("asks nobody else once the caller has gone, or its time is over", async () => {
    const host = await start(["hangs", "tenth"]);
    await expect(host.point(discount).first(order, { timeoutMs: 400 })).rejects.toMatchObject({
      code: "TIMEOUT",
    });
    const leaving = new AbortController();
    const asked = host.point(discount).first(order, { signal: leaving.signal });
    setTimeout(() => leaving.abort(), 200);
    await expect(asked).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await host.posture("acme/tenth")).toEqual([]);
  });
});

describe("host.point().one()", () => {
  it("answers as the only implementor does", async () => {
    const host = await start(["tenth"]);
    const answer = await host.point(discount).one(order);
    expectTypeOf(answer).toEqualTypeOf<{ amount: number }>();
    expect(answer).toEqual({ amount: 10 });
  });

  it("refuses to choose between two", async () => {
    const host = await start(["tenth", "greedy"]);
    await expect(host.point(discount).one(order)).rejects.toMatchObject({
      code: "USAGE_INVALID",
      data: { plugins: ["acme/greedy", "acme/tenth"] },
    });
    expect(await host.point(discount).one(order, { plugins: ["acme/tenth"] })).toEqual({ amount: 10 });
  });

  it("says who implements another version when nobody implements this one", async () => {
    const host = await start(["newer"]);
    await expect(host.point(discount).one(order)).rejects.toMatchObject({
      code: "POINT_NOT_FOUND",
      hint: 'Implemented is: "acme/newer" shop.discount@2.',
    });
  });
});

it("host.point() takes nothing but points", async () => {
  const host = await start([]);
  // What a program without types may give.
  expect(() => host.point("shop.discount@1" as never)).toThrow(
    expect.objectContaining({ code: "USAGE_INVALID" }),
  );
});

describe("createHost({ points })", () => {
  it("does not load a plugin that lacks the action of a point it claims", async () => {
    const host = await start([], { points: [discount] });
    await expect(host.load(join(home.path, "lazy"))).rejects.toMatchObject({
      code: "PLUGIN_MISMATCH",
      data: { point: "shop.discount@1", action: "discount" },
    });
    expect(host.plugins()).toEqual([]);
    await host.load(join(home.path, "newer"));
  });

  it.each([
    ["no list", {}],
    ["no points", [{}]],
    ["two of one name", [discount, { ...discount }]],
  ])("refuses %s", async (_, points) => {
    // What a program without types may give.
    await expect(
      createHost({ home: join(home.path, "home"), points: points as never }),
    ).rejects.toMatchObject({
      code: "USAGE_INVALID",
    });
  });
});
