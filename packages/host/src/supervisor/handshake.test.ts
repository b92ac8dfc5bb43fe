import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createGuestBench,
  type GuestBench,
  serving,
} from "../../../../test/plugins/host-behaviours/guest-bench.js";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";

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
    const plugin = await bench.createPlugin(`function on(m) { ${behaviour} }`, limits);
    const error = await bench.failureOf(bench.call(plugin));
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) });
  });

  it("that cannot even launch in time is a timeout too", async () => {
    const plugin = await bench.createPlugin(serving(""), { startTimeoutMs: 1 });
    expect(await bench.failureOf(bench.call(plugin))).toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("1 ms"),
    });
  });

  it("is made once for many calls that wait for it", async () => {
    const plugin = await bench.createPlugin(
      `let n = 0; ${serving("send({ id: m.id, result: [process.pid, ++n] });")}`,
    );
    const answers = await Promise.all(Array.from({ length: 50 }, () => bench.call(plugin)));
    expect(answers).toEqual(Array.from({ length: 50 }, (_, index) => [1, index + 1]));
  });
});
