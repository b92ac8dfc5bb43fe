import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorkshop, type GuestProcess } from "../../../../test/conformance/vectors/guest-process.js";

const PLUGIN = `
  import { definePlugin, fail } from "@paddock/sdk";
  export default definePlugin({
    actions: {
      async publish(payload, ctx) { await ctx.events.publish("stock.low", payload); return "done"; },
      async ask(payload, ctx) { return ctx.plugins.call("acme/images", "resize", payload, { timeoutMs: 50 }); },
    },
    events: {
      "orders.paid": async (payload: { id: number }, ctx, { topic, from }) => {
        await ctx.kv.set("last", [payload.id, topic, from ?? "application"]);
      },
      "orders.*": (_payload, ctx, { topic }) => ctx.log.info(topic),
      "orders.eu.*": (_payload, ctx) => ctx.log.info("Europe"),
      "orders.bad": () => { throw new Error("no\\nstack"); },
      "orders.slow": (_payload, ctx) =>
        new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(new Error("late")))),
    },
  });
`;

let workshop: Awaited<ReturnType<typeof createWorkshop>>;
let guest: GuestProcess;

beforeAll(async () => {
  workshop = await createWorkshop();
  guest = workshop.start();
  const permissions = { "storage.kv": { maxBytes: 1_000 }, "events.subscribe": { topics: ["orders.*"] } };
  const reply = await guest.initialize(await workshop.bundle("events", PLUGIN), { permissions });
  expect(reply).toMatchObject({ id: 1, result: { actions: ["publish", "ask"] } });
});

afterAll(async () => {
  guest.hangUp();
  await guest.ended;
  await workshop.close();
});

const event = (id: number, topic: string, more: object = {}) =>
  guest.send({ id, method: "event", params: { topic, payload: { id: 7 }, ...more } });

describe("an event", () => {
  test("runs the handler of its topic, whose requests name the event as their call", async () => {
    event(2, "orders.paid", { from: "acme/shop" });
    expect(await guest.next()).toMatchObject({
      method: "kv.set",
      params: { call: 2, key: "last", value: [7, "orders.paid", "acme/shop"] },
    });
    guest.send({ id: 1, result: {} });
    expect(await guest.next()).toMatchObject({ id: 2, result: {} });
  });

  test.each([
    ["orders.made", "orders.made"],
    ["orders.made.twice", "orders.made.twice"],
    ["orders.eu.paid", "Europe"],
  ])("of %s goes to the longest beginning", async (topic, message) => {
    event(3, topic);
    expect(await guest.next()).toMatchObject({ method: "log", params: { call: 3, message } });
    expect(await guest.next()).toMatchObject({ id: 3, result: {} });
  });

  test.each(["orders", "ordersx", "constructor", "__proto__"])("of %s meets no handler", async (topic) => {
    event(4, topic);
    expect(await guest.next()).toMatchObject({ id: 4, result: {} });
  });

  test("whose handler throws is answered with a bug, without its stack", async () => {
    event(5, "orders.bad");
    const reply = await guest.next();
    expect(reply).toMatchObject({ id: 5, error: { message: "Error: no", data: { code: "PLUGIN_BUG" } } });
  });

  test("that is cancelled aborts its handler", async () => {
    event(6, "orders.slow");
    guest.send({ method: "$/cancel", params: { id: 6 } });
    expect(await guest.next()).toMatchObject({ id: 6, error: { data: { code: "CANCELLED" } } });
  });
});

test("publishing names its call, and resolves when the host has it", async () => {
  guest.send({ id: 7, method: "call", params: { action: "publish", payload: { left: 2 } } });
  expect(await guest.next()).toMatchObject({
    id: 2,
    method: "events.publish",
    params: { call: 7, topic: "stock.low", payload: { left: 2 } },
  });
  guest.send({ id: 2, result: {} });
  expect(await guest.next()).toMatchObject({ id: 7, result: "done" });
});

test("a call of another plugin carries its time, and its failure keeps code and data", async () => {
  guest.send({ id: 8, method: "call", params: { action: "ask", payload: [1] } });
  expect(await guest.next()).toMatchObject({
    id: 3,
    method: "plugin.call",
    params: { call: 8, plugin: "acme/images", action: "resize", payload: [1], timeoutMs: 50 },
  });
  guest.send({ id: 3, result: { value: { made: true } } });
  expect(await guest.next()).toMatchObject({ id: 8, result: { made: true } });
});

test.each([
  ["a topic in capitals", `"Orders": () => {}`, 'Events of "Orders": a topic is like'],
  ["a handler that is no function", `"orders": 1 as any`, "the handler is no function"],
])("a plugin with %s does not start", async (name, handlers, words) => {
  const other = workshop.start();
  const source = `import { definePlugin } from "@paddock/sdk";
    export default definePlugin({ actions: {}, events: { ${handlers} } });`;
  const reply = await other.initialize(await workshop.bundle(name.replaceAll(" ", "-"), source));
  expect(reply).toMatchObject({
    error: { message: expect.stringContaining(words), data: { code: "START_FAILED" } },
  });
  other.hangUp();
  await other.ended;
});

test("a handler that will never hear anything is named in the log at start", async () => {
  const other = workshop.start();
  const source = `import { definePlugin } from "@paddock/sdk";
    export default definePlugin({ actions: {}, events: { "a.b": () => {} } });`;
  expect(await other.initialize(await workshop.bundle("deaf", source))).toMatchObject({
    method: "log",
    params: { level: "warn", message: expect.stringMatching(/"a\.b" will come.*use: events\.subscribe/) },
  });
  other.hangUp();
  await other.ended;
});
