import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorkshop, type GuestProcess } from "../../../../test/conformance/vectors/guest-process.js";

/** The plugin that conversations.json talks to; every SDK has one like it. */
const VECTOR_PLUGIN = `
  import { definePlugin, fail, isPermissionError } from "@paddock/sdk";
  export default definePlugin({
    actions: {
      echo: (input) => input,
      nothing: () => undefined,
      refuse(input) { throw fail("SOLD_OUT", "There are none left.", input); },
      bug: async (input: any) => input.missing.field,
      repeat: ([text, times]: [string, number]) => text.repeat(times),
      nest: (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels)),
      log(input: string, ctx) { ctx.log.info(input, { n: 1 }); },
      async remember(input, { kv }) {
        await kv.set("last", input);
        const value = await kv.get("last");
        const other = (await kv.get("other")) ?? null;
        const keys = await kv.list({ prefix: "l", limit: 10 });
        await kv.delete("last");
        return { value, other, keys };
      },
      async denied(_, { kv }) {
        return kv.get("last").catch((error) => isPermissionError(error) && [error.name, error.code, error.capability]);
      },
      wait: (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    },
  });
`;

let workshop: Awaited<ReturnType<typeof createWorkshop>>;

beforeAll(async () => {
  workshop = await createWorkshop();
});

afterAll(() => workshop.close());

describe("the guest holds every conversation of the vectors", () => {
  test.each(readConversations())("$name", async ({ steps }) => {
    const guest = workshop.start();
    await expect(guest.initialize(await workshop.bundle("vectors", VECTOR_PLUGIN))).resolves.toMatchObject({
      id: 1,
      result: { protocol: 1, nonce: "bm9uY2U", actions: expect.arrayContaining(["echo", "wait"]) },
    });
    for (const step of steps) {
      if ("host" in step) guest.send(step.host);
      else expect(await guest.next()).toMatchObject({ jsonrpc: "2.0", ...step.guest });
    }
    guest.hangUp();
    expect((await guest.ended).code).toBe(0);
  });
});

describe("a guest that cannot start says START_FAILED and why", () => {
  test.each([
    ["throws", "throw new Error('no such table\\nsecond line');", "no such table"],
    ["rejects", "export default await Promise.reject(new TypeError('late'));", "late"],
    ["init throws", plugin("actions: {}, init() { throw new RangeError('no luck'); }"), "no luck"],
    ["no plugin", "export default { actions: {} };", "default export"],
    ["no default", "export const a = 1;", "default export"],
    ["no function", plugin("actions: { a: 1 as any }"), 'Action "a" is neither a function'],
    ["no schema", plugin("actions: { a: { input: {} as any, run: () => 1 } }"), "not a Standard Schema"],
    ["throws text", "throw 'just text';", "just text"],
    ["throws nothing sensible", "throw { toString() { throw 1 } };", "an error that cannot be described"],
  ])("%s", async (name, source, words) => {
    const guest = workshop.start();
    const reply = await guest.initialize(await workshop.bundle(`start-${name.replaceAll(" ", "-")}`, source));
    expect(reply).toMatchObject({ id: 1, error: { data: { code: "START_FAILED" } } });
    expect(reply).toHaveProperty("error.message", expect.stringContaining(words));
    expect(JSON.stringify(reply)).not.toMatch(/second line|at file:|\/tmp\/.*\d+:\d+/);
    guest.hangUp();
    await guest.ended;
  });

  test("protocol versions that do not meet: both ranges are named", async () => {
    const guest = workshop.start();
    expect(await guest.initialize("/nowhere.mjs", { protocol: { min: 7, max: 9 } })).toMatchObject({
      error: {
        message: expect.stringMatching(/version 7 to 9.*version 1 to 1/),
        data: { code: "START_FAILED" },
      },
    });
    guest.hangUp();
    await guest.ended;
  });
});

test("a bug's stack names the author's source on stderr, and only its message crosses", async () => {
  const guest = await started(
    "bugs",
    plugin(`actions: {
    crash: () => { throw new Error("secret\\u001b[31m\\nat line two"); },
    long: () => { throw new Error("x".repeat(5000)); },
    odd: () => { throw null; },
    circular: () => { const a: any = {}; a.a = a; return a; },
    bytes: () => new Uint8Array(3),
  }`),
  );
  for (const [id, action] of ["crash", "long", "odd", "circular", "bytes"].entries()) {
    guest.send({ id: id + 2, method: "call", params: { action, payload: null } });
  }
  const messages: string[] = [];
  for (let count = 0; count < 5; count++) {
    const { error } = (await guest.next()) as { error: { message: string; data: object } };
    expect(error.data).toMatchObject({ code: "PLUGIN_BUG" });
    messages.push(error.message);
  }
  expect(messages[0]).toBe("Error: secret\\u001b[31m");
  expect(messages[1]).toHaveLength(2000);
  expect(messages[2]).toBe("object: null");
  expect(messages[3]).toMatch(/^TypeError: Converting circular structure/);
  guest.hangUp();
  // Nothing below the author's own frames: it is of no use to them.
  expect((await guest.ended).stderr).toMatch(/at Object\.crash \(bugs\.ts:4:\d+\)\nError: x/);
});

test("schemas infer, convert and refuse", async () => {
  const schema = (check: string) =>
    `({ "~standard": { version: 1, vendor: "test", validate: ${check} } }) as any`;
  const guest = await started(
    "schemas",
    plugin(`actions: {
    sync: { input: ${schema("(v) => v > 0 ? { value: v * 2 } : { issues: [{ message: 'too small', path: ['a', { key: 0 }] }] }")}, run: (n) => n },
    late: { input: ${schema("async (v) => ({ value: v + 1 })")}, output: ${schema("() => ({ issues: [{ message: 'no' }] })")}, run: (n) => n },
  }`),
  );
  guest.send({ id: 2, method: "call", params: { action: "sync", payload: 4 } });
  expect(await guest.next()).toMatchObject({ id: 2, result: 8 });
  guest.send({ id: 3, method: "call", params: { action: "sync", payload: -4 } });
  expect(await guest.next()).toMatchObject({
    error: {
      message: "The input does not fit the action: a.0: too small",
      data: { code: "INPUT_INVALID", issues: [{ path: "a.0", message: "too small" }] },
    },
  });
  guest.send({ id: 4, method: "call", params: { action: "late", payload: 4 } });
  expect(await guest.next()).toMatchObject({ id: 4, error: { data: { code: "OUTPUT_INVALID" } } });
  guest.hangUp();
  await guest.ended;
});

test("shutdown runs the hook, answers and exits 0; console is a log line, never the channel", async () => {
  const guest = await started("shutdown", plugin(`actions: {}, shutdown() { console.log("bye"); }`));
  guest.send({ id: 2, method: "shutdown", params: {} });
  expect(await guest.next()).toEqual({ jsonrpc: "2.0", id: 2, result: {} });
  expect(await guest.ended).toMatchObject({ code: 0, stdout: "bye\n" });
});

test("end of the channel ends the guest at once, whatever it is waiting for", async () => {
  const guest = await started(
    "hangs",
    plugin(`actions: { hang: () => new Promise(() => setInterval(() => {}, 1000)) }`),
  );
  guest.send({ id: 2, method: "call", params: { action: "hang", payload: null } });
  guest.hangUp();
  expect((await guest.ended).code).toBe(0);
});

test("init may log, sees a frozen configuration and its permissions", async () => {
  const guest = workshop.start();
  const entry = await workshop.bundle(
    "init",
    plugin(`actions: {}, init(ctx) {
    ctx.log.warn(String(Object.isFrozen(ctx.config)), { config: ctx.config, tenant: ctx.tenant });
    ctx.log.info("x".repeat(100_000));
    ctx.log.info("big", { n: 1n });
  }`),
  );
  expect(await guest.initialize(entry)).toMatchObject({
    method: "log",
    params: { level: "warn", message: "true", fields: { config: { greeting: "hello" }, tenant: "main" } },
  });
  expect(await guest.next()).toMatchObject({
    params: { message: "x".repeat(4_000), fields: { cut: "too long" } },
  });
  expect(await guest.next()).toMatchObject({
    params: { message: "big", fields: { cut: "fields are not JSON" } },
  });
  expect(await guest.next()).toMatchObject({ id: 1, result: {} });
  guest.hangUp();
  await guest.ended;
});

test("a line that is not JSON ends the guest with the status of a broken protocol", async () => {
  const guest = workshop.start();
  guest.send("not json");
  const { code, stderr } = await guest.ended;
  expect(code).toBe(76);
  expect(stderr).toContain("Cannot go on: the host sent a line that is not JSON");
});

test("a message of megabytes in many pieces arrives whole", async () => {
  const guest = await started("sizes", plugin("actions: { length: (text: string) => text.length }"));
  const line = JSON.stringify({
    jsonrpc: "2.0",
    id: 2,
    method: "call",
    params: { action: "length", payload: "é".repeat(1_500_000) },
  });
  const bytes = Buffer.from(`${line}\n`);
  for (let at = 0; at < bytes.length; at += 99_991) guest.write(bytes.subarray(at, at + 99_991));
  expect(await guest.next()).toMatchObject({ id: 2, result: 1_500_000 });
  guest.hangUp();
  await guest.ended;
});

async function started(name: string, source: string): Promise<GuestProcess> {
  const guest = workshop.start();
  expect(await guest.initialize(await workshop.bundle(name, source))).toHaveProperty("result");
  return guest;
}

function plugin(body: string): string {
  return `import { definePlugin, fail } from "@paddock/sdk";\n\nexport default definePlugin({ ${body} });\n`;
}

type Step = { readonly host: object } | { readonly guest: object };

function readConversations(): readonly { readonly name: string; readonly steps: readonly Step[] }[] {
  const url = new URL("../../../../test/conformance/vectors/conversations.json", import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}
