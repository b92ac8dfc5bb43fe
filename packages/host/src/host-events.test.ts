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

const LISTENER = `
  export default definePlugin({
    actions: {
      heard: (_, ctx) => ctx.kv.get("heard"),
      work: (_, ctx) => { for (let part = 0; part <= 10; part++) ctx.progress(part / 10, "part \\u001b" + part); return "done"; },
    },
    events: {
      "orders.*": async (payload, ctx, { topic, from }) => {
        const heard = [...((await ctx.kv.get("heard")) ?? []), [topic, payload, from ?? null, ctx.tenant]];
        await ctx.kv.set("heard", heard);
        await ctx.events.publish("heard", heard.length);
      },
      "orders.bad": () => { throw new Error("no stock"); },
      "orders.slow": (_payload, ctx) => new Promise((_, reject) => ctx.signal.addEventListener("abort", reject)),
      "orders.ask": (_payload, ctx) => ctx.plugins.call("acme/speaker", "ask"),
      ping: (payload, ctx) => ctx.events.publish("pong", payload + 1),
    },
  });`;

const SPEAKER = `
  export default definePlugin({
    actions: {
      ask: (_, ctx) => ctx.events.publish("orders.ask", null),
      say: ({ topic, payload }, ctx) => ctx.events.publish(topic, payload).catch(({ name, code }) => [name, code]),
    },
    events: { pong: (payload, ctx) => ctx.events.publish("ping", payload + 1) },
  });`;

const uses = (use: string, topics: readonly string[]) => ({ use, topics, reason: "It is what it does." });

let before: Holdings;
let home: TemporaryHome;
let hosts: Host[] = [];

beforeAll(async () => {
  home = await makeTemporaryHome();
  await writePlugin(join(home.path, "listener"), {
    id: "acme/listener",
    actions: { heard: {}, work: {} },
    more: {
      permissions: {
        required: [
          uses("events.subscribe", ["orders.*", "ping"]),
          uses("events.publish", ["heard", "pong"]),
          { use: "plugin.call", plugin: "acme/speaker", actions: ["ask"], reason: "It is what it does." },
        ],
      },
    },
    code: LISTENER,
  });
  await writePlugin(join(home.path, "speaker"), {
    id: "acme/speaker",
    actions: { say: {}, ask: { callers: ["acme/listener"] } },
    more: {
      permissions: {
        required: [uses("events.subscribe", ["pong"]), uses("events.publish", ["orders.*", "ping"])],
      },
    },
    code: SPEAKER,
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
  const host = await createHost({ home: join(home.path, "home"), preset: "development", ...options });
  hosts.push(host);
  for (const name of ["listener", "speaker"]) await host.load(join(home.path, name));
  return host;
}

describe("an event", () => {
  it("reaches running guests of its tenant, and what their handlers publish reaches the application", async () => {
    const host = await start();
    await Promise.all([host.start("acme/listener", "shop-1"), host.start("acme/listener", "shop-2")]);
    const heard = host.subscribe("heard", undefined, { tenant: "shop-1" });
    await host.publish("orders.paid", { id: 1 }, { tenant: "shop-1" });
    await host.publish("stock.low", { id: 1 }, { tenant: "shop-1" });
    expect((await heard.next()).value).toMatchObject({
      kind: "event",
      topic: "heard",
      payload: 1,
      tenant: "shop-1",
      from: "acme/listener",
    });
    await host.call("acme/speaker", "say", { topic: "orders.made", payload: [2] }, { tenant: "shop-1" });
    expect((await heard.next()).value).toMatchObject({ payload: 2 });
    expect(await host.call("acme/listener", "heard", null, { tenant: "shop-1" })).toEqual([
      ["orders.paid", { id: 1 }, null, "shop-1"],
      ["orders.made", [2], "acme/speaker", "shop-1"],
    ]);
    expect(await host.call("acme/listener", "heard", null, { tenant: "shop-2" })).toBeNull();
  });

  it("in a guest of all tenants is handled for its own", async () => {
    const host = await start({ plugins: { "acme/listener": { share: "plugin" } } });
    await host.start("acme/listener");
    const heard = host.subscribe("heard");
    await host.publish("orders.paid", 1, { tenant: "shop-3" });
    expect((await heard.next()).value).toMatchObject({ tenant: "shop-3", payload: 1 });
    const kept = (tenant: string) => host.call("acme/listener", "heard", null, { tenant });
    expect(await kept("shop-3")).toEqual([["orders.paid", 1, null, "shop-3"]]);
    expect(await kept("shop-4")).toBeNull();
    expect(await host.posture("acme/listener")).toHaveLength(1);
  });

  it("is published by who may only", async () => {
    const host = await start();
    const say = (topic: string) => host.call("acme/speaker", "say", { topic, payload: 1 });
    expect(await say("heard")).toEqual(["PermissionError", "CAPABILITY_NOT_DECLARED"]);
    expect(await say("orders.*")).toEqual(["HostError", "USAGE_INVALID"]);
    expect(await say("orders.paid")).toBeNull();
    await host.close();
    const strict = await start({ preset: "production" });
    const refused = strict.call("acme/speaker", "say", { topic: "orders.paid", payload: 1 });
    expect(await refused).toEqual(["PermissionError", "CAPABILITY_NOT_GRANTED"]);
  });

  it("whose handler throws or hangs is told of, and the plugin goes on", async () => {
    const host = await start({ limits: { timeout: "500ms" } });
    await host.start("acme/listener");
    const failures = host.events({ plugin: "acme/listener", kinds: ["event-failed"] });
    await host.publish("orders.bad", 1);
    expect((await failures.next()).value).toMatchObject({
      tenant: "main",
      topic: "orders.bad",
      failure: { code: "PLUGIN_BUG", fault: "plugin" },
    });
    await host.publish("orders.slow", 1);
    expect((await failures.next()).value).toMatchObject({
      topic: "orders.slow",
      failure: { code: "TIMEOUT" },
    });
    const heard = host.subscribe("heard");
    await host.publish("orders.paid", 3);
    expect((await heard.next()).value).toMatchObject({ topic: "heard" });
  });

  it("that calls forth the other for ever comes to an end", async () => {
    const host = await start();
    await Promise.all([host.start("acme/listener"), host.start("acme/speaker")]);
    const failed = host.events({ kinds: ["event-failed"] });
    const rounds: unknown[] = [];
    host.subscribe(["ping", "pong"], ({ payload }) => rounds.push(payload));
    await host.publish("ping", 1);
    expect((await failed.next()).value).toMatchObject({ failure: { code: "PLUGIN_BUG" } });
    expect(rounds).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

it("an event that calls a plugin that publishes it again comes to an end, too", async () => {
  const host = await start();
  await host.start("acme/listener");
  const failed = host.events({ kinds: ["event-failed"] });
  let rounds = 0;
  host.subscribe("orders.ask", () => rounds++);
  await host.publish("orders.ask", 1);
  expect((await failed.next()).value).toMatchObject({ topic: "orders.ask" });
  expect(rounds).toBe(5);
});

describe("progress", () => {
  it("reaches who asked for it, bounded and escaped", async () => {
    const host = await start();
    const seen: unknown[] = [];
    const answer = host.call("acme/listener", "work", null, {
      onProgress: (progress) => seen.push(progress),
    });
    expect(await answer).toBe("done");
    expect(seen).toEqual([{ fraction: 0, message: "part \\u{1b}0" }]);
  });
});

describe("telemetry", () => {
  it("tells of lives and counts calls", async () => {
    const host = await start({ telemetry: true });
    const lives = host.events({ plugin: "acme/listener" });
    await host.call("acme/listener", "work");
    await host.call("acme/listener", "heard", null, { tenant: "shop-2" });
    await expect(host.call("acme/listener", "nothing")).rejects.toMatchObject({ code: "ACTION_NOT_FOUND" });
    const kinds: string[] = [];
    for await (const event of lives) {
      kinds.push(event.kind);
      if (event.kind === "guest-started") break;
    }
    expect(kinds).toEqual(["state", "state", "guest-started"]);
    const { families } = host.metrics();
    const samples = (name: string) => families.find((family) => family.name === name)?.samples ?? [];
    expect(samples("paddock_calls_total")).toMatchObject([
      { labels: { plugin: "acme/listener", action: "work", outcome: "ok", fault: "none" }, value: 1 },
      { labels: { action: "heard", outcome: "ok" }, value: 1 },
      // A name that the manifest does not have is no label.
      { labels: { action: "none", outcome: "ACTION_NOT_FOUND", fault: "caller" }, value: 1 },
    ]);
    expect(samples("paddock_guests")).toContainEqual({ labels: { plugin: "acme/listener" }, value: 2 });
    expect(samples("paddock_guest_starts_total")).toMatchObject([{ value: 2 }]);
  });

  it("and events refuse what callers get wrong", async () => {
    const host = await start();
    const wrong = { code: "USAGE_INVALID" };
    // Safe: what callers in JavaScript may give.
    const bad = { tenant: "../x" } as const;
    await expect(host.publish("a", 1, bad)).rejects.toMatchObject(wrong);
    await expect(host.publish("a", 1n)).rejects.toMatchObject(wrong);
    await expect(host.publish("a", 1, null as unknown as object)).resolves.toBeUndefined();
    await expect(host.publish(undefined as unknown as string)).rejects.toMatchObject(wrong);
    expect(() => host.subscribe("a", undefined, bad)).toThrow(expect.objectContaining(wrong));
    expect(() => host.subscribe("a", 1 as unknown as () => void)).toThrow(expect.objectContaining(wrong));
    expect(() => host.events({ kinds: "all" as unknown as [] })).toThrow(expect.objectContaining(wrong));
    await expect(createHost({ telemetry: 1 as unknown as true })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });

  it("ends readers with the host", async () => {
    const host = await start();
    const [lives, events] = [host.events(), host.subscribe("a")];
    await host.close();
    expect(await readAll(events)).toEqual([]);
    await readAll(lives);
    await expect(host.publish("a")).rejects.toMatchObject({ code: "HOST_CLOSED" });
    expect(() => host.subscribe("a")).toThrow(expect.objectContaining({ code: "HOST_CLOSED" }));
    expect(host.metrics().families.length).toBeGreaterThan(0);
  });
});

async function readAll<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
