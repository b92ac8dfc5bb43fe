import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorkshop } from "../../../../test/conformance/vectors/guest-process.js";

const document = readFileSync(new URL("../../../../docs/writing-a-plugin.md", import.meta.url), "utf8");

let workshop: Awaited<ReturnType<typeof createWorkshop>>;

beforeAll(async () => {
  workshop = await createWorkshop();
});

afterAll(() => workshop.close());

test("the first plugin of docs/writing-a-plugin.md does what the page says", async () => {
  const guest = workshop.start();
  expect(await guest.initialize(await workshop.bundle("guestbook", code(0)))).toMatchObject({
    result: { actions: ["sign", "count"] },
  });
  guest.send({ id: 2, method: "call", params: { action: "sign", payload: { name: "Ada" } } });
  expect(await guest.next()).toMatchObject({
    id: 1,
    method: "kv.get",
    params: { call: 2, key: "guest/Ada" },
  });
  guest.send({ id: 1, result: { value: { at: 1 } } });
  expect(await guest.next()).toMatchObject({
    id: 2,
    error: { data: { code: "PLUGIN_ERROR", pluginCode: "ALREADY_SIGNED", details: { name: "Ada" } } },
  });
  guest.hangUp();
  await guest.ended;
});

test("the plugin with a schema of docs/writing-a-plugin.md does what the page says", async () => {
  const zod = JSON.stringify(fileURLToPath(import.meta.resolve("zod")));
  const guest = workshop.start();
  const entry = await workshop.bundle("resize", code(1).replace('"zod"', zod));
  expect(await guest.initialize(entry)).toHaveProperty("result");
  guest.send({
    id: 2,
    method: "call",
    params: { action: "resize", payload: { url: "https://a.example/p" } },
  });
  expect(await guest.next()).toMatchObject({ id: 2, result: "https://a.example/p?w=64" });
  guest.send({ id: 3, method: "call", params: { action: "resize", payload: { url: 1 } } });
  expect(await guest.next()).toMatchObject({
    error: { data: { code: "INPUT_INVALID", issues: [{ path: "url" }] } },
  });
  guest.hangUp();
  await guest.ended;
});

test("the handlers of docs/writing-a-plugin.md do what the page says", async () => {
  const guest = workshop.start();
  const block = code(2);
  expect(block).toContain("orders.*");
  const entry = await workshop.bundle("handlers", `import { definePlugin } from "@paddock/sdk";\n${block}`);
  const permissions = { "events.subscribe": { topics: ["orders.*"] } };
  expect(await guest.initialize(entry, { permissions })).toHaveProperty("result");
  guest.send({ id: 2, method: "event", params: { topic: "orders.paid", payload: { id: "o-1" } } });
  expect(await guest.next()).toMatchObject({ method: "kv.set", params: { call: 2, key: "paid/o-1" } });
  guest.send({ id: 1, result: {} });
  const published = { call: 2, topic: "loyalty.points", payload: { order: "o-1" } };
  expect(await guest.next()).toMatchObject({ id: 2, method: "events.publish", params: published });
  guest.send({ id: 2, result: {} });
  expect(await guest.next()).toMatchObject({ id: 2, result: {} });
  guest.send({ id: 3, method: "event", params: { topic: "orders.sent", payload: null } });
  expect(await guest.next()).toMatchObject({ method: "log", params: { message: "orders.sent" } });
  guest.hangUp();
  await guest.ended;
});

/** A block of TypeScript of the page that defines a plugin, counted from 0. */
function code(index: number): string {
  const blocks = [...document.matchAll(/```ts\n(.*?)```/gs)].map(([, block]) => block ?? "");
  return blocks.filter((block) => block.includes("definePlugin"))[index] ?? "";
}
