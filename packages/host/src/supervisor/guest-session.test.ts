import { PaddockError } from "@paddock/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createGuestBench,
  type GuestBench,
  serving,
  WELCOME,
} from "../../../../test/plugins/host-behaviours/guest-bench.js";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";
import { SHUTDOWN_MS } from "./guest-session.js";

let before: Holdings;
let bench: GuestBench;
beforeEach(async () => {
  before = holdings();
  bench = await createGuestBench();
});
afterEach(async () => {
  await bench.close();
  expect(await leftSince(before)).toEqual([]);
});

describe("a guest that lies", () => {
  it("answers a call only once, and no call that was not asked", async () => {
    const plugin = await bench.createPlugin(
      serving(
        "send({ id: m.id + 1, result: 'forged' }); send({ id: 1, result: 'forged' }); send({ id: m.id, result: 'own' }); send({ id: m.id, result: 'twice' });",
      ),
    );
    expect(await bench.call(plugin)).toBe("own");
    expect(await bench.call(plugin)).toBe("own");
  });

  it("cannot settle a call of another guest, whose numbers it can guess", async () => {
    const honest = await bench.createPlugin(
      serving("setTimeout(() => send({ id: m.id, result: 'honest' }), 300);"),
    );
    const liar = await bench.createPlugin(
      serving(
        "for (let id = 1; id < 300; id++) send({ id, result: 'forged' }); for (let n = 0; n < 8; n++) send({ id: m.id + n * 1048576 + 1, result: 'forged' }); send({ id: m.id, result: 'liar' });",
      ),
    );
    expect(await Promise.all([bench.call(honest), bench.call(liar)])).toEqual([
      "honest",
      expect.stringMatching(/liar|forged/),
    ]);
  });

  it("cannot play the host: its own requests go to the broker only", async () => {
    const plugin = await bench.createPlugin(
      serving(
        'send({ id: 7, method: "initialize", params: {} }); send({ id: 8, method: "shutdown", params: {} }); send({ method: "$/cancel", params: { id: m.id } }); setTimeout(() => send({ id: m.id, result: "alive" }), 50);',
      ),
    );
    expect(await bench.call(plugin)).toBe("alive");
    expect(bench.asked.map(({ method }) => method)).toEqual(["initialize", "shutdown"]);
  });

  it("has no live call before, after and besides its own", async () => {
    const ask = (id: number, which: string) =>
      `send({ id: ${id}, method: "kv.get", params: { call: ${which} } });`;
    const plugin = await bench.createPlugin(
      `let last = 0; ${serving(`${ask(1, "last || 12345")} ${ask(2, "m.id")} last = m.id; setTimeout(() => send({ id: m.id, result: null }), 30);`)}`,
    );
    await bench.call(plugin);
    await bench.call(plugin);
    expect(bench.asked.map(({ isLive }) => isLive)).toEqual([false, true, false, true]);
  });

  it("has none for a caller that gave up", async () => {
    const plugin = await bench.createPlugin(
      serving('setTimeout(() => send({ id: 1, method: "kv.get", params: { call: m.id } }), 150);'),
    );
    await bench.supervisor.start(plugin, "main");
    expect((await bench.failureOf(bench.call(plugin, { timeoutMs: 50 }))).code).toBe("TIMEOUT");
    await expect.poll(() => bench.asked.map(({ isLive }) => isLive)).toEqual([false]);
  });

  it("breaks the protocol in a call: that call and every other learn it", async () => {
    const plugin = await bench.createPlugin(
      serving('if (m.params.payload === "lie") socket.write("nonsense\\n");'),
    );
    await bench.supervisor.start(plugin, "main");
    const others = [bench.failureOf(bench.call(plugin)), bench.failureOf(bench.call(plugin))];
    expect(await bench.failureOf(bench.call(plugin, {}, '"lie"'))).toMatchObject({
      code: "PROTOCOL_VIOLATION",
      message: expect.stringContaining("not JSON"),
    });
    for (const error of await Promise.all(others)) {
      expect(error).toMatchObject({ code: "GUEST_RECYCLED", data: { cause: "PROTOCOL_VIOLATION" } });
    }
  });

  it("closes its channel and stays: it is ended, and its calls learn it at once", async () => {
    const plugin = await bench.createPlugin(serving("socket.destroy(); setInterval(() => undefined, 1000);"));
    await bench.supervisor.start(plugin, "main");
    const startedAt = performance.now();
    expect(await bench.failureOf(bench.call(plugin))).toMatchObject({ code: "PROTOCOL_VIOLATION" });
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it("may log without end: lines are bounded and counted", async () => {
    const plugin = await bench.createPlugin(
      serving(
        'for (let n = 0; n < 5_000; n++) send({ method: "log", params: { level: "info", message: "line " + n } }); setTimeout(() => { send({ method: "log", params: { level: "info", message: "last" } }); send({ id: m.id, result: null }); }, 300);',
      ),
      { logLinesPerSecond: 50 },
    );
    await bench.call(plugin);
    expect(bench.logs.length).toBeGreaterThan(50);
    expect(bench.logs.length).toBeLessThan(400);
    expect(bench.logs.reduce((sum, { dropped }) => sum + dropped + 1, 0)).toBe(5_001);
  });
});

describe("a guest that is asked to go", () => {
  it("may say goodbye first", async () => {
    const plugin = await bench.createPlugin(
      `function on(m) { ${WELCOME} if (m.method === "shutdown") { console.log("goodbye"); send({ id: m.id, result: null }); } }`,
    );
    await bench.supervisor.start(plugin, "main");
    await bench.supervisor.close();
    expect(bench.logs.map(({ message }) => message)).toEqual(["goodbye"]);
  });

  it("and will not is ended", async () => {
    const plugin = await bench.createPlugin(
      `process.on("SIGTERM", () => undefined); function on(m) { ${WELCOME} if (m.method === "shutdown") for (;;); }`,
    );
    await bench.supervisor.start(plugin, "main");
    const startedAt = performance.now();
    await bench.supervisor.close();
    expect(performance.now() - startedAt).toBeLessThan(SHUTDOWN_MS + 1_000);
  });
});

describe("a start", () => {
  it("does not happen when the stored code was touched", async () => {
    const plugin = await bench.createPlugin(serving(""));
    const touched = {
      ...plugin,
      assertUnchanged: () => Promise.reject(new PaddockError("PLUGIN_INVALID", "It was touched.")),
    };
    expect((await bench.failureOf(bench.call(touched))).code).toBe("PLUGIN_INVALID");
  });
});
