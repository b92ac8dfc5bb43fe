import { access, chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { isPaddockError } from "@paddock/contract";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../test/plugins/host-behaviours/leftovers.js";
import { writeProbe } from "../../../test/plugins/host-behaviours/probe.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../test/plugins/host-behaviours/temporary-home.js";
import { createHost } from "./host.js";
import type { Host } from "./host-interface.js";

let before: Holdings;
let home: TemporaryHome;
let folder = "";
let hosts: Host[] = [];

beforeAll(async () => {
  home = await makeTemporaryHome();
  folder = join(home.path, "probe");
  before = holdings();
});
beforeEach(() => writeProbe(folder));
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  hosts = [];
  expect(await leftSince(before)).toEqual([]);
});
afterAll(() => home.remove());

async function start(options: Parameters<typeof createHost>[0] = {}): Promise<Host> {
  const host = await createHost({ home: join(home.path, "home"), ...options });
  hosts.push(host);
  return host;
}

async function startWithProbe(options: Parameters<typeof createHost>[0] = {}): Promise<Host> {
  const host = await start(options);
  await host.load(folder);
  return host;
}

describe("createHost()", () => {
  it.each([
    [{ preset: "relaxed" }, /preset/],
    [{ limits: { memory: "a lot" } }, /memory/],
    [{ isolate: false }, /isolate/],
    [{ home: "relative" }, /home/],
  ])("stops for a configuration that does not parse: %j", async (options, words) => {
    // Safe: what it is not is the point.
    await expect(createHost(options as object)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(words),
    });
  });

  it("stops when its home cannot be made", async () => {
    const file = join(home.path, "file");
    await writeFile(file, "");
    await chmod(file, 0o644);
    await expect(createHost({ home: join(file, "home") })).rejects.toMatchObject({ code: "STORE_FAILED" });
  });

  it("refuses to work in a worker thread, and says what to do", async () => {
    const url = new URL("../dist/index.js", import.meta.url);
    await access(url);
    const script = `
      const { parentPort } = require("node:worker_threads");
      import(${JSON.stringify(url.href)})
        .then(({ createHost }) => createHost({ home: ${JSON.stringify(home.path)} }))
        .then(() => "made", (error) => ({ code: error.code, hint: error.hint }))
        .then((result) => parentPort.postMessage(result));`;
    const worker = new Worker(script, { eval: true });
    const result = await new Promise((resolve) => worker.once("message", resolve));
    await worker.terminate();
    expect(result).toEqual({ code: "UNSUPPORTED_PLATFORM", hint: expect.stringContaining("main thread") });
  });

  it("refuses a home that another host has, and gives it to the next one when that closes", async () => {
    const one = await startWithProbe();
    await expect(start()).rejects.toMatchObject({
      code: "HOME_IN_USE",
      message: expect.stringContaining(`process ${process.pid}`),
      hint: expect.stringContaining("another home"),
    });
    expect(await one.call("acme/probe", "count")).toBe(1);
    await one.close();
    const other = await startWithProbe();
    expect(await other.call("acme/probe", "count")).toBe(1);
  });

  it("gives two hosts on one machine their own guests, and closing one leaves the other", async () => {
    const one = await startWithProbe();
    const other = await startWithProbe({ home: join(home.path, "other-home") });
    expect(await one.call("acme/probe", "count", null, { tenant: "x" })).toBe(1);
    expect(await other.call("acme/probe", "count", null, { tenant: "x" })).toBe(1);
    await one.close();
    expect(await other.call("acme/probe", "count", null, { tenant: "x" })).toBe(2);
  });
});

describe("host.close()", () => {
  it("may be called twice, and everything afterwards says that it is closed", async () => {
    const host = await startWithProbe();
    await host.call("acme/probe", "count");
    await Promise.all([host.close(), host.close()]);
    await host.close();
    for (const attempt of [
      () => host.call("acme/probe", "count"),
      () => host.load(folder),
      () => host.unload("acme/probe"),
      () => host.start("acme/probe"),
      () => host.posture("acme/probe"),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: "HOST_CLOSED" });
    }
  });

  it("settles every call in flight once, with a typed error", async () => {
    const host = await startWithProbe();
    await host.call("acme/probe", "version");
    const pending = Array.from({ length: 20 }, () =>
      host.call("acme/probe", "wait", 60_000).catch((error: unknown) => error),
    );
    await host.close();
    const codes = (await Promise.all(pending)).map((error) => isPaddockError(error) && error.code);
    expect(codes).toHaveLength(20);
    for (const code of codes) expect(["KILLED", "GUEST_RECYCLED", "HOST_CLOSED"]).toContain(code);
  });

  it.each([0, 5, 15, 30])("leaves nothing when a guest has been starting for %d ms", async (ms) => {
    const host = await startWithProbe();
    const pending = host.call("acme/probe", "count").catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, ms));
    await host.close();
    const result = await pending;
    const code = expect.stringMatching(/^(HOST_CLOSED|KILLED|GUEST_RECYCLED|START_FAILED)$/);
    if (result !== 1) expect(result).toMatchObject({ code });
    expect(await leftSince(before)).toEqual([]);
  });

  it.each([0, 20, 60, 150])("leaves nothing when a plugin has been loading for %d ms", async (ms) => {
    await writeProbe(folder, `2.0.${ms}`);
    const host = await start();
    const pending = host.load(folder).then(
      () => undefined,
      (error: unknown) => error,
    );
    await new Promise((resolve) => setTimeout(resolve, ms));
    await host.close();
    const result = await pending;
    if (result !== undefined) expect(result).toMatchObject({ name: "PaddockError" });
    expect(await leftSince(before)).toEqual([]);
  });

  it("happens by itself at the end of a block", async () => {
    let used: Host;
    {
      await using host = await createHost({ home: join(home.path, "home") });
      used = host;
      await host.load(folder);
      expect(await host.call("acme/probe", "count")).toBe(1);
    }
    await expect(used.call("acme/probe", "count")).rejects.toMatchObject({ code: "HOST_CLOSED" });
  });
});
