import { request } from "node:http";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createHost, type Host } from "@paddock/host";
import { type ControlServer, createControlServer } from "@paddock/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeTemporaryHome, type TemporaryHome } from "../plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../plugins/host-behaviours/write-plugin.js";

/** Far below what these answers took when they were handled at once, and above what a busy machine adds. */
const MAX_DELAY_MS = 120;
const ACTIONS = ["bytes", "inside", "stream", "items", "numbers"];
const PERMISSION = { use: "plugin.call", plugin: "attacker/back", actions: ACTIONS, reason: "It attacks." };

let home: TemporaryHome;
let host: Host;
let server: ControlServer;
beforeAll(async () => {
  home = await makeTemporaryHome();
  await writePlugin(join(home.path, "back"), {
    id: "attacker/back",
    actions: Object.fromEntries(
      [...ACTIONS, "cancelled"].map((name) => [name, { callers: ["attacker/front"] }]),
    ),
    code: `
      let cancelled = 0;
      export default definePlugin({ actions: {
        bytes: (size) => new Uint8Array(size),
        inside: (size) => ({ a: [{ b: new Uint8Array(size) }] }),
        stream: () => new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(1000)),
          cancel: () => { cancelled++; },
        }),
        items: async function* (size) { for (let at = 0; at < 3; at++) yield new Uint8Array(size); },
        numbers: (size) => Array.from({ length: size }, (_, at) => at),
        cancelled: () => cancelled,
      } });`,
  });
  await writePlugin(join(home.path, "front"), {
    id: "attacker/front",
    actions: { attack: {} },
    more: { permissions: { required: [PERMISSION] } },
    code: `export default definePlugin({ actions: {
      attack: ({ action, size }, ctx) => ctx.plugins.call("attacker/back", action, size)
        .then((value) => ({ value }), ({ code }) => ({ code })),
    } });`,
  });
  host = await createHost({
    preset: "development",
    home: join(home.path, "home"),
    limits: { result: "16MB" },
  });
  for (const name of ["back", "front"]) await host.load(join(home.path, name));
  server = await createControlServer(host, { path: join(home.path, "home/control/paddock.sock") });
  // Everything that is loaded at its first use is there now.
  for (const action of ["bytes", "items", "numbers"]) {
    await viaPlugin(action, 100_000);
    await viaSocket(action, 100_000);
  }
});
afterAll(async () => {
  await server.close();
  await host.close();
  await home.remove();
});

const viaPlugin = (action: string, size: number) => host.call("attacker/front", "attack", { action, size });

function viaSocket(action: string, size: number): Promise<string> {
  const path = `/v1/plugins/attacker/back/actions/${action}`;
  const headers = { "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: server.path, method: "POST", path, headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.once("end", () => resolve(Buffer.concat(pieces).toString("latin1")));
      answer.once("error", reject);
    });
    asking.once("error", reject);
    asking.end(String(size));
  });
}

/** Milliseconds for which nobody else got a turn, at most: the least of three times, for others use this machine too. */
async function delayOf(work: () => Promise<unknown>): Promise<number> {
  const all: number[] = [];
  for (let time = 0; time < 3; time++) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await work();
    delay.disable();
    all.push(delay.max / 1e6);
  }
  return Math.min(...all);
}

describe("An answer between two plugins", () => {
  test.each([
    ["bytes", 8_000_000, "USAGE_INVALID"],
    ["inside", 8_000_000, "USAGE_INVALID"],
    ["items", 1, "USAGE_INVALID"],
    ["numbers", 900_000, "RESULT_TOO_LARGE"],
  ])("of %s, %d of them, is refused without holding up the host", async (action, size, code) => {
    let answer: unknown;
    const delayMs = await delayOf(async () => {
      answer = await viaPlugin(action, size);
    });
    expect(answer).toEqual({ code });
    expect(delayMs).toBeLessThan(MAX_DELAY_MS);
  });

  test("that is a stream is stopped, for nobody reads it", async () => {
    expect(await viaPlugin("stream", 1)).toEqual({ code: "USAGE_INVALID" });
    await expect.poll(() => host.call("attacker/back", "cancelled")).toBe(1);
  });
});

describe("An answer over the control socket", () => {
  test("of items that are bytes says them as base64, without holding up the host", async () => {
    let text = "";
    const delayMs = await delayOf(async () => {
      text = await viaSocket("items", 1_000_000);
    });
    const lines = text.trim().split("\n");
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      item: { base64: Buffer.alloc(1_000_000).toString("base64") },
    });
    expect(delayMs).toBeLessThan(MAX_DELAY_MS);
  });

  test("of JSON with bytes in it is written piece by piece", async () => {
    let text = "";
    const delayMs = await delayOf(async () => {
      text = await viaSocket("inside", 15_000_000);
    });
    expect(text.length).toBeGreaterThan(20_000_000);
    expect(() => JSON.parse(text)).not.toThrow();
    expect(delayMs).toBeLessThan(MAX_DELAY_MS);
  });
});
