import { join } from "node:path";
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

const ID = "acme/probe";
const isRoot = process.getuid?.() === 0;
const CODE = `
  let count = 0;
  export default definePlugin({
    actions: {
      quick: (input) => input ?? "quick",
      count: () => ++count,
      slow: (ms) => new Promise((resolve) => setTimeout(() => resolve("slow"), ms)),
    },
  });`;
const ACTIONS = { quick: {}, count: {}, slow: {} };

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
  host = await createHost({ home: join(home.path, "home"), interpreter: { guards: false } });
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

describe("calls in flight", () => {
  it("past the limit of concurrency are refused with a time to come back", async () => {
    await host.close();
    host = await createHost({
      home: join(home.path, "home"),
      limits: { concurrency: 3 },
      defaults: { queue: { size: 0 } },
      interpreter: { guards: false },
    });
    await host.load(folder);
    await call("quick");
    const pending = [call("slow", 200), call("slow", 200), call("slow", 200)];
    expect(await failure(call("quick"))).toMatchObject({
      code: "OVERLOADED",
      data: { retryAfterMs: expect.any(Number) },
    });
    expect(await Promise.all(pending)).toEqual(["slow", "slow", "slow"]);
    expect(await call("quick")).toBe("quick");
  });

  it("get their own answers, a thousand at a time", async () => {
    await host.close();
    host = await createHost({ home: join(home.path, "home"), limits: { concurrency: 2_000 } });
    await host.load(folder);
    await call("quick");
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, index) => call("quick", { index })));
    expect(answers).toEqual(Array.from({ length: 1_000 }, (_, index) => ({ index })));
  });
});

describe("the high-security preset", () => {
  it("starts a fresh guest for every call, or says what this machine and user lack", async () => {
    const pending = createHost({ home: join(home.path, "secure"), preset: "high-security" });
    if (!isRoot) {
      expect(await failure(pending)).toMatchObject({
        code: "SETUP_FAILED",
        data: { missing: expect.arrayContaining(["own-uid"]) },
      });
      return;
    }
    await using secure = await pending;
    await secure.load(folder);
    expect(await secure.call(ID, "count")).toBe(1);
    const many = Array.from({ length: 4 }, () => secure.call(ID, "count", null, { timeoutMs: 20_000 }));
    expect(await Promise.all(many)).toEqual([1, 1, 1, 1]);
    expect(await code(secure.call(ID, "slow", 60_000, { timeoutMs: 800 }))).toBe("TIMEOUT");
  });
});
