import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type ErrorCode, isPaddockError, type PaddockError } from "@paddock/contract";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../test/plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../../../../test/plugins/host-behaviours/write-plugin.js";
import { createHost } from "../host.js";
import type { Host } from "../host-interface.js";
import type { CallOptions } from "../pipeline/call-options.js";
import { CANCEL_GRACE_MS } from "./call-limits.js";
import { FREE_RESTARTS } from "./restart-budget.js";

const ID = "acme/probe";
const CODE = `
  let cancelled = 0;
  let count = 0;
  const never = (_, ctx) => new Promise(() => ctx.signal.addEventListener("abort", () => { cancelled++; }));
  const cancellable = (_, ctx) => new Promise((_, reject) => {
    ctx.signal.addEventListener("abort", () => { cancelled++; reject(new Error("stopped")); });
  });
  const spin = () => { for (;;); };
  export default definePlugin({
    actions: {
      quick: (input) => input ?? "quick",
      cancelled: () => cancelled,
      count: () => ++count,
      slow: (ms) => new Promise((resolve) => setTimeout(() => resolve("slow"), ms)),
      never, cancellable, spin,
      spinShort: spin, neverShort: never, cancellableShort: cancellable,
      again: (ms) => new Promise((resolve) => setTimeout(() => resolve("again"), ms)),
      crash: () => { process.abort(); },
    },
  });`;
const ACTIONS = {
  ...Object.fromEntries(
    ["quick", "cancelled", "count", "slow", "never", "cancellable", "spin", "crash"].map((name) => [
      name,
      {},
    ]),
  ),
  spinShort: { timeout: "300ms" },
  neverShort: { timeout: "300ms" },
  cancellableShort: { timeout: "300ms" },
  again: { idempotent: true },
};

let before: Holdings;
let home: TemporaryHome;
let folder = "";
let host: Host;

beforeAll(async () => {
  home = await makeTemporaryHome();
  folder = await writePlugin(join(home.path, "probe"), { actions: ACTIONS, code: CODE });
  before = holdings();
});
beforeEach(async () => {
  host = await createHost({
    home: join(home.path, "home"),
    interpreter: { guards: false },
    // Guests that crash are these tests' business; waiting for the next one is another's.
    defaults: { restart: { crashes: 1_000, window: "1s" } },
  });
  await host.load(folder);
});
afterEach(async () => {
  await host.close();
  expect(await leftSince(before)).toEqual([]);
});
afterAll(() => home.remove());

const call = (action: string, payload: unknown = null, options: CallOptions = {}) =>
  host.call(ID, action, payload, options);

/** The error of a call that must fail. */
async function failure(pending: Promise<unknown>): Promise<PaddockError> {
  const error = await pending.then(
    (value) => expect.fail(`it answered ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!isPaddockError(error)) throw error;
  return error;
}

const code = (pending: Promise<unknown>): Promise<ErrorCode> => failure(pending).then((error) => error.code);

describe("a caller's deadline", () => {
  it("covers the start of the guest", async () => {
    const startedAt = performance.now();
    expect(await code(call("quick", null, { timeoutMs: 1 }))).toBe("TIMEOUT");
    expect(performance.now() - startedAt).toBeLessThan(200);
    expect(await call("quick")).toBe("quick");
  });

  it("only cancels: the plugin hears of it, and the guest goes on", async () => {
    await call("count");
    const error = await failure(call("never", null, { timeoutMs: 50 }));
    expect(error).toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("no answer within 50 ms"),
    });
    await expect.poll(() => call("cancelled")).toBe(1);
    expect(await call("count")).toBe(2);
  });

  it("drops an answer that comes late, and gives it to nobody else", async () => {
    await call("count");
    expect(await code(call("slow", 100, { timeoutMs: 30 }))).toBe("TIMEOUT");
    const others = await Promise.all(
      Array.from({ length: 20 }, (_, index) => call("slow", index * 10).then(() => index)),
    );
    expect(others).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it("of one caller does not end the work of another", async () => {
    await call("count");
    const other = call("slow", 400);
    const hostile = Array.from({ length: 50 }, () => code(call("never", null, { timeoutMs: 1 })));
    expect(new Set(await Promise.all(hostile))).toEqual(new Set(["TIMEOUT"]));
    expect(await other).toBe("slow");
    expect(await call("count")).toBe(2);
  });
});

describe("a caller's signal", () => {
  it.each([true, false])(
    "cancels the call, also while its guest starts (guest ready: %s)",
    async (isReady) => {
      if (isReady) await call("quick");
      const abort = new AbortController();
      const pending = call("cancellable", null, { signal: abort.signal });
      await wait(5);
      abort.abort(new Error("changed my mind"));
      const error = await failure(pending);
      expect(error).toMatchObject({ code: "CANCELLED", cause: { message: "changed my mind" } });
      expect(await call("cancelled")).toBe(isReady ? 1 : 0);
    },
  );

  it("that aborts after the answer does nothing", async () => {
    const abort = new AbortController();
    expect(await call("quick", null, { signal: abort.signal })).toBe("quick");
    abort.abort();
    expect(await call("cancelled")).toBe(0);
  });
});

describe("the operator's limit", () => {
  it.each([true, false])("ends a guest that spins, also in its first call (first: %s)", async (isFirst) => {
    if (!isFirst) await call("quick");
    const startedAt = performance.now();
    expect(await code(call("spinShort"))).toBe("TIMEOUT");
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    const [report] = await host.posture(ID);
    await expect.poll(() => isGone(report?.pid), { timeout: CANCEL_GRACE_MS + 1_500 }).toBe(true);
    expect(await call("quick")).toBe("quick");
  });

  it("ends it too when its caller gave up long before", async () => {
    await call("quick");
    const [report] = await host.posture(ID);
    expect(await code(call("spinShort", null, { timeoutMs: 20 }))).toBe("TIMEOUT");
    await expect.poll(() => isGone(report?.pid), { timeout: CANCEL_GRACE_MS + 1_500 }).toBe(true);
  });

  it("lets a guest live that heeds the cancel", async () => {
    await call("count");
    expect(await code(call("cancellableShort"))).toBe("TIMEOUT");
    await wait(CANCEL_GRACE_MS + 300);
    expect(await call("count")).toBe(2);
  });

  it("tells the others why their guest is gone, and counts none of it as theirs", async () => {
    await call("quick");
    const others = Array.from({ length: 5 }, () => failure(call("slow", 60_000)));
    expect(await code(call("neverShort"))).toBe("TIMEOUT");
    for (const error of await Promise.all(others)) {
      expect(error).toMatchObject({
        code: "GUEST_RECYCLED",
        data: { cause: "TIMEOUT" },
        about: { retryable: true },
      });
    }
  });

  it("repeats what is idempotent once, in a new guest", async () => {
    await call("quick");
    const innocent = call("again", 1_200);
    expect(await code(call("neverShort"))).toBe("TIMEOUT");
    expect(await innocent).toBe("again");
  });
});

describe("a guest that crashes", () => {
  it("gives the call the reason with evidence, and the next call a new guest", async () => {
    expect(await call("count")).toBe(1);
    const error = await failure(call("crash"));
    expect(error).toMatchObject({
      code: "CRASHED",
      data: { action: "crash", evidence: { signal: expect.any(String) } },
    });
    expect(await call("count")).toBe(1);
  });

  it("settles all its calls once each", async () => {
    await call("quick");
    const others = Array.from({ length: 20 }, () => code(call("slow", 60_000)));
    const guilty = code(call("crash"));
    const codes = [await guilty, ...(await Promise.all(others))];
    expect(codes.filter((one) => one === "CRASHED")).toHaveLength(1);
    expect(codes.filter((one) => one === "GUEST_RECYCLED")).toHaveLength(20);
  });

  it("too often is not started again for a while, and other plugins are", async () => {
    const otherFolder = join(home.path, "other");
    await writePlugin(otherFolder, {
      id: "acme/other",
      actions: { ok: {} },
      code: "export default definePlugin({ actions: { ok: () => 1 } });",
    });
    await host.close();
    host = await createHost({ home: join(home.path, "home"), interpreter: { guards: false } });
    await host.load(folder);
    await host.load(otherFolder);
    for (let time = 0; time <= FREE_RESTARTS; time++) expect(await code(call("crash"))).toBe("CRASHED");
    const error = await failure(call("quick"));
    expect(error).toMatchObject({ code: "PLUGIN_UNAVAILABLE", about: { retryable: true } });
    expect(error.data.retryAfterMs).toBeGreaterThan(0);
    expect(error.data.retryAfterMs).toBeLessThanOrEqual(1_000);
    expect(await host.call("acme/other", "ok")).toBe(1);
    await wait(Number(error.data.retryAfterMs) + 10);
    expect(await call("quick")).toBe("quick");
  });
});

function isGone(pid: number | undefined): boolean {
  if (pid === undefined) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
