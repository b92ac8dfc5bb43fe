import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isPaddockError, type Limits, PaddockError, presetLimits } from "@paddock/contract";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../test/plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../../../../test/plugins/host-behaviours/write-plugin.js";
import { readManifest } from "../bundle/read-manifest.js";
import type { Isolation } from "../isolation/isolation.js";
import { createProcessIsolation } from "../isolation/process/process.js";
import { createNodeRuntime } from "../runtimes/node.js";
import type { CallRequest } from "./call.js";
import type { GuestLog } from "./guest-log.js";
import { type LiveCalls, SHUTDOWN_MS } from "./guest-session.js";
import type { LoadedAction, LoadedPlugin } from "./plugin.js";
import { Supervisor } from "./supervisor.js";

/** A guest entry of the tests' own: it speaks the wire itself, and lies where `BEHAVIOUR` says so. */
const ENTRY = `
  const net = require("node:net");
  const socket = new net.Socket({ fd: 3 });
  const send = (message) => socket.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
  const welcome = ({ id, params: { nonce } }, more = {}) =>
    send({ id, result: { protocol: 1, nonce, actions: ["go"], ...more } });
  let rest = "";
  socket.on("data", (chunk) => {
    const lines = (rest + chunk).split("\\n");
    rest = lines.pop();
    for (const line of lines) on(JSON.parse(line));
  });
`;

const ACTION: LoadedAction = {
  name: "go",
  nameJson: '"go"',
  isIdempotent: false,
  timeoutMs: 2_000,
  errors: {},
};
const UIDS = { from: 2_000_000_000, count: 100_000 };

let home: TemporaryHome;
let before: Holdings;
let isolation: Isolation;
let supervisor: Supervisor;
let logs: GuestLog[] = [];
let asked: { readonly method: string; readonly isLive: boolean; readonly live: LiveCalls }[] = [];
let entries = 0;

beforeAll(async () => {
  home = await makeTemporaryHome();
  await writePlugin(join(home.path, "code"), { actions: { go: {} }, code: "" });
  await mkdir(join(home.path, "code/data"));
  before = holdings();
});
beforeEach(async () => {
  [logs, asked] = [[], []];
  isolation = await createProcessIsolation({ home: home.path, uids: UIDS });
  supervisor = new Supervisor({
    isolation,
    onLog: (log) => logs.push(log),
    onRequest: async (_, { method, params }, live) => {
      // Safe: what a guest of this test sends.
      const { call } = (params ?? {}) as { readonly call?: number };
      asked.push({ method, isLive: call !== undefined && live.has(call), live });
      if (method !== "kv.get") throw new PaddockError("CAPABILITY_UNKNOWN", "There is no such thing.");
      return "value";
    },
  });
});
afterEach(async () => {
  await supervisor.close();
  await isolation.close();
  expect(await leftSince(before)).toEqual([]);
});
afterAll(() => home.remove());

async function createPlugin(behaviour: string, limits: Partial<Limits> = {}): Promise<LoadedPlugin> {
  const directory = join(home.path, "code");
  const entry = join(home.path, `entry-${++entries}`);
  await mkdir(entry, { mode: 0o755 });
  const guestEntry = join(entry, "guest-entry.js");
  await writeFile(guestEntry, `${ENTRY}\n${behaviour}`, { mode: 0o644 });
  const node = createNodeRuntime({ guestEntry, cacheDirectory: join(home.path, "cache") });
  const all = { ...presetLimits("production"), startTimeoutMs: 3_000, ...limits };
  return {
    manifest: await readManifest(directory),
    digest: `sha256-${"0".repeat(64)}`,
    program: await node.program(directory, "main.js", all.memoryBytes),
    limits: all,
    config: {},
    permissions: {},
    actions: new Map([["go", ACTION]]),
    share: "tenant",
    hasGuards: false,
    dataDirectory: (tenant) => ({ source: join(home.path, "data", `${entries}-${tenant}`) }),
    assertUnchanged: async () => undefined,
  };
}

function call(plugin: LoadedPlugin, more: Partial<CallRequest> = {}, payload = "null"): Promise<unknown> {
  const traceparent = `00-${"1".repeat(32)}-${"1".repeat(16)}-00`;
  const request = {
    action: ACTION,
    tenant: "main",
    traceparent,
    timeoutMs: 5_000,
    signal: undefined,
    ...more,
  };
  return supervisor.call(plugin, request, payload);
}

async function failure(pending: Promise<unknown>): Promise<PaddockError> {
  const error = await pending.then(
    (value) => expect.fail(`it answered ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!isPaddockError(error)) throw error;
  return error;
}

const HANDSHAKE = 'if (m.method === "initialize") return welcome(m);';
const SHUTDOWN = 'if (m.method === "shutdown") return process.exit(0);';
const serving = (onCall: string) =>
  `function on(m) { ${HANDSHAKE} ${SHUTDOWN} if (m.method === "call") { ${onCall} } }`;

describe("a handshake", () => {
  it.each([
    ["echoes another nonce", "welcome(m, { nonce: '0'.repeat(32) });", "PROTOCOL_VIOLATION", /wrong nonce/],
    ["echoes no nonce", "welcome(m, { nonce: undefined });", "PROTOCOL_VIOLATION", /wrong nonce/],
    [
      "speaks a later protocol",
      "welcome(m, { protocol: 2 });",
      "PROTOCOL_VIOLATION",
      /speaks protocol 2, the host 1 to 1/,
    ],
    ["speaks protocol 0", "welcome(m, { protocol: 0 });", "PROTOCOL_VIOLATION", /protocol 0/],
    ["names its protocol in words", 'welcome(m, { protocol: "1" });', "PROTOCOL_VIOLATION", /protocol/],
    ["answers with nothing", "send({ id: m.id, result: null });", "PROTOCOL_VIOLATION", /protocol/],
    [
      "answers with a trap",
      "send({ id: m.id, result: { protocol: { toString: 1 } } });",
      "PROTOCOL_VIOLATION",
      /protocol/,
    ],
    ["lacks an action", "welcome(m, { actions: [] });", "PLUGIN_MISMATCH", /the code lacks "go"/],
    [
      "has another action",
      'welcome(m, { actions: ["go", "run"] });',
      "PLUGIN_MISMATCH",
      /the manifest lacks "run"/,
    ],
    [
      "has an action of every object",
      'welcome(m, { actions: ["go", "constructor"] });',
      "PLUGIN_MISMATCH",
      /constructor/,
    ],
    [
      "has actions that are no list",
      'welcome(m, { actions: "go" });',
      "PLUGIN_MISMATCH",
      /the code lacks "go"/,
    ],
    [
      "says that it failed",
      'send({ id: m.id, error: { code: 1, message: "boom" } });',
      "START_FAILED",
      /boom/,
    ],
    ["is garbage", 'socket.write("hello\\n");', "PROTOCOL_VIOLATION", /not JSON/],
    [
      "is a line without end",
      'socket.write("x".repeat(200_000));',
      "PROTOCOL_VIOLATION",
      /more than 65536 bytes/,
    ],
    ["is invalid UTF-8", "socket.write(Buffer.from([34, 255, 34, 10]));", "PROTOCOL_VIOLATION", /UTF-8/],
    ["never comes", "", "TIMEOUT", /was not ready within 700 ms/],
    ["never comes, because it spins", "for (;;);", "TIMEOUT", /was not ready within 700 ms/],
    ["is an exit", "process.exit(0);", "START_FAILED", /exited by itself/],
    ["is an exit with a status", "process.exit(3);", "START_FAILED", /exit code 3/],
    ["is an exit that looks like the kernel's", "process.exit(137);", "START_FAILED", /137/],
    ["is a crash", "process.abort();", "START_FAILED", /SIG/],
    [
      "is a closed channel",
      "socket.destroy(); setInterval(() => undefined, 1000);",
      "PROTOCOL_VIOLATION",
      /closed its channel/,
    ],
  ] as const)("that %s fails the start", async (_, behaviour, code, words) => {
    const limits = code === "TIMEOUT" ? { startTimeoutMs: 700 } : {};
    const plugin = await createPlugin(`function on(m) { ${behaviour} }`, limits);
    const error = await failure(call(plugin));
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) });
  });

  it("that cannot even launch in time is a timeout too", async () => {
    const plugin = await createPlugin(serving(""), { startTimeoutMs: 1 });
    expect(await failure(call(plugin))).toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("1 ms"),
    });
  });

  it("is made once for many calls that wait for it", async () => {
    const plugin = await createPlugin(
      `let n = 0; ${serving("send({ id: m.id, result: [process.pid, ++n] });")}`,
    );
    const answers = await Promise.all(Array.from({ length: 50 }, () => call(plugin)));
    expect(answers).toEqual(Array.from({ length: 50 }, (_, index) => [1, index + 1]));
  });
});

describe("a guest that lies", () => {
  it("answers a call only once, and no call that was not asked", async () => {
    const plugin = await createPlugin(
      serving(
        "send({ id: m.id + 1, result: 'forged' }); send({ id: 1, result: 'forged' }); send({ id: m.id, result: 'own' }); send({ id: m.id, result: 'twice' });",
      ),
    );
    expect(await call(plugin)).toBe("own");
    expect(await call(plugin)).toBe("own");
  });

  it("cannot settle a call of another guest, whose numbers it can guess", async () => {
    const honest = await createPlugin(
      serving("setTimeout(() => send({ id: m.id, result: 'honest' }), 300);"),
    );
    const liar = await createPlugin(
      serving(
        "for (let id = 1; id < 300; id++) send({ id, result: 'forged' }); for (let n = 0; n < 8; n++) send({ id: m.id + n * 1048576 + 1, result: 'forged' }); send({ id: m.id, result: 'liar' });",
      ),
    );
    expect(await Promise.all([call(honest), call(liar)])).toEqual([
      "honest",
      expect.stringMatching(/liar|forged/),
    ]);
  });

  it("cannot play the host: its own requests go to the broker only", async () => {
    const plugin = await createPlugin(
      serving(
        'send({ id: 7, method: "initialize", params: {} }); send({ id: 8, method: "shutdown", params: {} }); send({ method: "$/cancel", params: { id: m.id } }); setTimeout(() => send({ id: m.id, result: "alive" }), 50);',
      ),
    );
    expect(await call(plugin)).toBe("alive");
    expect(asked.map(({ method }) => method)).toEqual(["initialize", "shutdown"]);
  });

  it("has no live call before, after and besides its own", async () => {
    const ask = (id: number, which: string) =>
      `send({ id: ${id}, method: "kv.get", params: { call: ${which} } });`;
    const plugin = await createPlugin(
      `let last = 0; ${serving(`${ask(1, "last || 12345")} ${ask(2, "m.id")} last = m.id; setTimeout(() => send({ id: m.id, result: null }), 30);`)}`,
    );
    await call(plugin);
    await call(plugin);
    expect(asked.map(({ isLive }) => isLive)).toEqual([false, true, false, true]);
  });

  it("has none for a caller that gave up", async () => {
    const plugin = await createPlugin(
      serving('setTimeout(() => send({ id: 1, method: "kv.get", params: { call: m.id } }), 150);'),
    );
    await supervisor.start(plugin, "main");
    expect((await failure(call(plugin, { timeoutMs: 50 }))).code).toBe("TIMEOUT");
    await expect.poll(() => asked.map(({ isLive }) => isLive)).toEqual([false]);
  });

  it("breaks the protocol in a call: that call and every other learn it", async () => {
    const plugin = await createPlugin(
      serving('if (m.params.payload === "lie") socket.write("nonsense\\n");'),
    );
    await supervisor.start(plugin, "main");
    const others = [failure(call(plugin)), failure(call(plugin))];
    expect(await failure(call(plugin, {}, '"lie"'))).toMatchObject({
      code: "PROTOCOL_VIOLATION",
      message: expect.stringContaining("not JSON"),
    });
    for (const error of await Promise.all(others)) {
      expect(error).toMatchObject({ code: "GUEST_RECYCLED", data: { cause: "PROTOCOL_VIOLATION" } });
    }
  });

  it("closes its channel and stays: it is ended, and its calls learn it at once", async () => {
    const plugin = await createPlugin(serving("socket.destroy(); setInterval(() => undefined, 1000);"));
    await supervisor.start(plugin, "main");
    const startedAt = performance.now();
    expect(await failure(call(plugin))).toMatchObject({ code: "PROTOCOL_VIOLATION" });
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it("may log without end: lines are bounded and counted", async () => {
    const plugin = await createPlugin(
      serving(
        'for (let n = 0; n < 5_000; n++) send({ method: "log", params: { level: "info", message: "line " + n } }); setTimeout(() => { send({ method: "log", params: { level: "info", message: "last" } }); send({ id: m.id, result: null }); }, 300);',
      ),
      { logLinesPerSecond: 50 },
    );
    await call(plugin);
    expect(logs.length).toBeGreaterThan(50);
    expect(logs.length).toBeLessThan(400);
    expect(logs.reduce((sum, { dropped }) => sum + dropped + 1, 0)).toBe(5_001);
  });
});

describe("a guest that is asked to go", () => {
  it("may say goodbye first", async () => {
    const plugin = await createPlugin(
      `function on(m) { ${HANDSHAKE} if (m.method === "shutdown") { console.log("goodbye"); send({ id: m.id, result: null }); } }`,
    );
    await supervisor.start(plugin, "main");
    await supervisor.close();
    expect(logs.map(({ message }) => message)).toEqual(["goodbye"]);
  });

  it("and will not is ended", async () => {
    const plugin = await createPlugin(
      `process.on("SIGTERM", () => undefined); function on(m) { ${HANDSHAKE} if (m.method === "shutdown") for (;;); }`,
    );
    await supervisor.start(plugin, "main");
    const startedAt = performance.now();
    await supervisor.close();
    expect(performance.now() - startedAt).toBeLessThan(SHUTDOWN_MS + 1_000);
  });
});

describe("a start", () => {
  it("does not happen when the stored code was touched", async () => {
    const plugin = await createPlugin(serving(""));
    const touched = {
      ...plugin,
      assertUnchanged: () => Promise.reject(new PaddockError("PLUGIN_INVALID", "It was touched.")),
    };
    expect((await failure(call(touched))).code).toBe("PLUGIN_INVALID");
  });
});
