import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorkshop, type GuestProcess } from "../../../../test/conformance/vectors/guest-process.js";

let workshop: Awaited<ReturnType<typeof createWorkshop>>;

beforeAll(async () => {
  workshop = await createWorkshop();
});

afterAll(() => workshop.close());

async function started(name: string, hooks: string): Promise<GuestProcess> {
  const guest = workshop.start();
  const source = `import { definePlugin } from "@paddock/sdk";
    export default definePlugin({ actions: {}, ${hooks} });`;
  expect(await guest.initialize(await workshop.bundle(name, source))).toHaveProperty("result");
  return guest;
}

describe("a ping is answered", () => {
  test.each([
    ["ready without a hook", "", true],
    ["ready by a hook that says nothing", "health() {}", true],
    ["ready by a promise", "health: async () => true", true],
    ["not ready by a hook that says so", "health: () => false", false],
    ["not ready by a hook that throws", "health() { throw new Error('database') }", false],
    ["not ready by a hook that rejects", "health: () => Promise.reject('database')", false],
    ["not ready by a hook that hangs", "health: () => new Promise(() => {})", false],
  ])("%s", async (name, hooks, ready) => {
    const guest = await started(name.replaceAll(" ", "-"), hooks);
    guest.send({ id: 2, method: "ping", params: { timeoutMs: 200 } });
    expect(await guest.next()).toMatchObject({ id: 2, result: { ready } });
    guest.send({ id: 3, method: "ping" });
    expect(await guest.next()).toMatchObject({ id: 3, result: { ready } });
    guest.hangUp();
    expect((await guest.ended).code).toBe(0);
  });

  test("by one run of a hook that is still running", async () => {
    const guest = await started(
      "counted",
      `health: () => { globalThis.runs = (globalThis.runs ?? 0) + 1; return new Promise(() => {}); },
       shutdown: (ctx) => ctx.log.info(String(globalThis.runs)),`,
    );
    for (const id of [2, 3, 4]) guest.send({ id, method: "ping", params: { timeoutMs: 100 } });
    for (const id of [2, 3, 4]) expect(await guest.next()).toMatchObject({ id, result: { ready: false } });
    guest.send({ id: 5, method: "shutdown", params: {} });
    expect(await guest.next()).toMatchObject({ method: "log", params: { message: "1" } });
    expect(await guest.next()).toMatchObject({ id: 5, result: {} });
    await guest.ended;
  });
});

describe("a hook", () => {
  test("of suspend and resume runs with a context, and is answered when it is done", async () => {
    const guest = await started(
      "suspends",
      `async suspend(ctx) { await ctx.kv.set("state", 1); }, resume(ctx) { ctx.log.info("awake"); }`,
    );
    guest.send({ id: 2, method: "suspend", params: {} });
    expect(await guest.next()).toMatchObject({ id: 1, method: "kv.set", params: { key: "state", value: 1 } });
    guest.send({ id: 1, result: {} });
    expect(await guest.next()).toMatchObject({ id: 2, result: {} });
    guest.send({ id: 3, method: "resume", params: {} });
    expect(await guest.next()).toMatchObject({ method: "log", params: { message: "awake" } });
    expect(await guest.next()).toMatchObject({ id: 3, result: {} });
    guest.hangUp();
    await guest.ended;
  });

  test("that throws is a bug, and the guest goes on", async () => {
    const guest = await started("stumbles", `suspend() { throw new TypeError("no disk"); }`);
    guest.send({ id: 2, method: "suspend", params: {} });
    expect(await guest.next()).toMatchObject({
      id: 2,
      error: { message: "no disk", data: { code: "PLUGIN_BUG" } },
    });
    guest.send({ id: 3, method: "resume", params: {} });
    expect(await guest.next()).toMatchObject({ id: 3, result: {} });
    guest.hangUp();
    await guest.ended;
  });
});
