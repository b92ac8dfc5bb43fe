import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { duplexPair } from "node:stream";
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import {
  encodeNotification,
  encodeRequest,
  encodeSuccess,
  MAX_GUEST_REQUESTS,
  MAX_OUTBOUND_BYTES,
  type Notification,
  type Request,
} from "@paddock/contract";
import { describe, expect, it, vi } from "vitest";
import { type ConnectionHandlers, GuestConnection, type Reply } from "./connection.js";

const MAX_LINE_BYTES = 64 * 1024;

interface Pair {
  readonly connection: GuestConnection;
  /** The guest's end. */
  readonly guest: Duplex;
  /** What went wrong, in the connection's words. */
  readonly violations: string[];
  readonly requests: Request[];
  readonly notifications: Notification[];
}

function connect(answer: ConnectionHandlers["request"] = async () => null): Pair {
  const [channel, guest] = duplexPair();
  const [violations, requests, notifications]: [string[], Request[], Notification[]] = [[], [], []];
  const connection = new GuestConnection(channel, MAX_LINE_BYTES, {
    request: (request) => {
      requests.push(request);
      return answer(request);
    },
    notification: (notification) => notifications.push(notification),
    violation: (words) => violations.push(words),
    toWireError: () => ({ code: -32_000, message: "no", data: { code: "INTERNAL" } }),
    drained: () => undefined,
  });
  return { connection, guest, violations, requests, notifications };
}

/** Lines that the guest has got so far, parsed. */
function listen(guest: Duplex): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  let rest = "";
  guest.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts.map((line) => JSON.parse(line)));
  });
  return lines;
}

function ask(connection: GuestConnection): { readonly id: number; readonly replies: Reply[] } {
  const replies: Reply[] = [];
  return { id: connection.request("call", "{}", { onReply: (reply) => replies.push(reply) }), replies };
}

describe("GuestConnection's requests", () => {
  it("are settled by their own replies, in whatever order these come", async () => {
    const { connection, guest } = connect();
    const asked = Array.from({ length: 20 }, () => ask(connection));
    guest.write(
      `${[...asked]
        .reverse()
        .map(({ id }) => encodeSuccess(id, id))
        .join("\n")}\n`,
    );
    await nextTurn();
    for (const { id, replies } of asked) expect(replies).toEqual([{ kind: "success", id, result: id }]);
    expect([connection.unanswered, connection.droppedReplies]).toEqual([0, 0]);
  });

  it("of one turn leave in one write", async () => {
    const { connection, guest } = connect();
    const chunks: string[] = [];
    guest.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
    for (let count = 0; count < 10; count++) ask(connection);
    connection.notify("$/cancel", '{"id":1}');
    await wait(20);
    expect(chunks).toHaveLength(1);
    expect(chunks[0]?.trim().split("\n")).toHaveLength(11);
  });

  it("take no reply twice, and none that is unknown: those are dropped and counted", async () => {
    const { connection, guest, violations } = connect();
    const { id, replies } = ask(connection);
    guest.write(`${encodeSuccess(id, 1)}\n${encodeSuccess(id, 2)}\n${encodeSuccess(7, 3)}\n`);
    await nextTurn();
    expect(replies).toEqual([{ kind: "success", id, result: 1 }]);
    expect([connection.droppedReplies, violations]).toEqual([2, []]);
  });

  it("are given back when the connection closes, and hear nothing any more", async () => {
    const { connection, guest } = connect();
    const [one, other] = [ask(connection), ask(connection)];
    expect(connection.close()).toHaveLength(2);
    guest.write(`${encodeSuccess(one.id, 1)}\n`);
    await nextTurn();
    expect([one.replies, other.replies, connection.unanswered]).toEqual([[], [], 0]);
  });
});

describe("GuestConnection's guest", () => {
  it.each([
    ["is no JSON", "hello", "not JSON"],
    ["is no message", "[]", "not a JSON object"],
    ["is of another protocol", '{"id":1,"method":"a"}', '"jsonrpc"'],
    ["is too long", "x".repeat(MAX_LINE_BYTES + 1), "more than 65536 bytes"],
    ["never ends", "x".repeat(MAX_LINE_BYTES * 2), "more than 65536 bytes"],
    ["is too deep", "[".repeat(1_000), "deep"],
  ])("breaks the protocol with a line that %s, and is not read any more", async (_, line, words) => {
    const { connection, guest, violations, notifications } = connect();
    const { id, replies } = ask(connection);
    guest.write(`${line}\n`);
    guest.write(`${encodeSuccess(id, 1)}\n${encodeNotification("log", {})}\n`);
    await wait(20);
    expect(violations).toEqual([expect.stringContaining(words)]);
    expect([replies, notifications]).toEqual([[], []]);
    expect(connection.close()).toHaveLength(1);
  });

  it("breaks the protocol with bytes that are no UTF-8", async () => {
    const { guest, violations } = connect();
    guest.write(Buffer.from([0x22, 0xff, 0x22, 0x0a]));
    await nextTurn();
    expect(violations).toEqual(["not UTF-8"]);
  });

  it("gets an answer for each of its requests, failures too", async () => {
    const { guest } = connect(async ({ method }) => {
      if (method === "bad") throw new Error("/root/secret");
      return { method };
    });
    const lines = listen(guest);
    guest.write(`${encodeRequest(1, "good", {})}\n${encodeRequest(2, "bad", {})}\n`);
    await expect.poll(() => lines).toHaveLength(2);
    expect(lines).toContainEqual({ jsonrpc: "2.0", id: 1, result: { method: "good" } });
    expect(lines).toContainEqual({
      jsonrpc: "2.0",
      id: 2,
      error: { code: -32_000, message: "no", data: { code: "INTERNAL" } },
    });
  });

  it("is ended, and the host is not, when an answer is no JSON", async () => {
    const { guest, violations } = connect(async () => 1n);
    guest.write(`${encodeRequest(1, "kv.get", {})}\n`);
    await expect.poll(() => violations).toEqual(["what the host cannot answer"]);
  });

  it("has no more than so many requests open; the rest wait in its own socket", async () => {
    const answers: (() => void)[] = [];
    const { guest, requests } = connect(() => new Promise((resolve) => answers.push(() => resolve(null))));
    const lines = listen(guest);
    const all = MAX_GUEST_REQUESTS * 3;
    for (let id = 1; id <= all; id++) guest.write(`${encodeRequest(id, "kv.get", {})}\n`);
    await wait(50);
    expect(requests).toHaveLength(MAX_GUEST_REQUESTS);
    answers.shift()?.();
    await expect.poll(() => requests.length).toBe(MAX_GUEST_REQUESTS + 1);
    while (requests.length < all || answers.length > 0) {
      for (const answer of answers.splice(0)) answer();
      await nextTurn();
    }
    await expect.poll(() => lines.length).toBe(all);
    expect(requests.map(({ id }) => id)).toEqual(Array.from({ length: all }, (_, index) => index + 1));
  });

  it("costs the host nothing while it does not read what it asked for", async () => {
    const big = "x".repeat(60_000);
    const { connection, guest, requests } = connect(async () => big);
    const immediate = vi.spyOn(globalThis, "setImmediate");
    const all = 2_000;
    for (let id = 1; id <= all; id++) guest.write(`${encodeRequest(id, "kv.get", {})}\n`);
    await wait(100);
    expect(connection.isClogged).toBe(true);
    // What was already being answered comes on top.
    expect(requests.length * big.length).toBeLessThan(
      MAX_OUTBOUND_BYTES + (MAX_GUEST_REQUESTS + 64) * big.length,
    );
    const [turns, handled] = [immediate.mock.calls.length, requests.length];
    await wait(200);
    expect([immediate.mock.calls.length - turns, requests.length - handled]).toEqual([0, 0]);
    immediate.mockRestore();
    guest.resume();
    await expect.poll(() => requests.length, { timeout: 5_000 }).toBe(all);
  });

  it("that floods leaves the event loop its turns", async () => {
    const line = encodeNotification("progress", { at: 1 });
    const child = spawn("sh", ["-c", 'yes "$1" | head -c 52428800 >&3', "sh", line], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    // Safe: descriptor 3 was asked for as a pipe, which is a socket both ways.
    const channel = child.stdio[3] as Duplex;
    let heard = 0;
    const violations: string[] = [];
    new GuestConnection(channel, MAX_LINE_BYTES, {
      request: async () => null,
      notification: () => heard++,
      violation: (words) => violations.push(words),
      toWireError: () => ({ code: 1, message: "" }),
      drained: () => undefined,
    });
    const turnsMs: number[] = [];
    const isOver = once(channel, "close").then(() => true);
    for (let last = performance.now(); !(await Promise.race([isOver, nextTurn(false)])); ) {
      turnsMs.push(performance.now() - last);
      last = performance.now();
    }
    turnsMs.sort((a, b) => a - b);
    await expect.poll(() => heard).toBe(Math.floor(52_428_800 / (line.length + 1)));
    expect(turnsMs[Math.floor(turnsMs.length * 0.99)]).toBeLessThan(20);
    // The last line is cut in its middle, which is not a line at all.
    expect(violations).toEqual([]);
  });
});
