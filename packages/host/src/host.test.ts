import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  children,
  type Holdings,
  holdings,
  leftSince,
} from "../../../test/plugins/host-behaviours/leftovers.js";
import { writeProbe } from "../../../test/plugins/host-behaviours/probe.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../test/plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../../../test/plugins/host-behaviours/write-plugin.js";
import { createHost } from "./host.js";
import type { Host } from "./host-interface.js";
import type { GuestLog } from "./supervisor/guest-log.js";

const isRoot = process.getuid?.() === 0;
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

describe("host.load()", () => {
  it("tells what it loaded, and runs none of its code yet", async () => {
    const host = await start();
    const info = await host.load(folder);
    expect(info).toMatchObject({ id: "acme/probe", version: "1.0.0", title: "Probe" });
    expect(info.digest).toMatch(/^sha256[-:][0-9a-f]{64}$/);
    expect(host.plugins()).toEqual([info]);
    expect(await host.posture("acme/probe")).toEqual([]);
  });

  it("gives new calls to a new version while the old one ends its own", async () => {
    const host = await startWithProbe();
    const old = host.call("acme/probe", "wait", 600);
    await host.call("acme/probe", "version");
    await writeProbe(folder, "1.1.0");
    const loading = host.load(folder);
    await expect.poll(() => host.plugins()[0]?.version).toBe("1.1.0");
    expect(await host.call("acme/probe", "version")).toBe("1.1.0");
    expect(await old).toBe("1.0.0");
    await loading;
    expect(await host.posture("acme/probe")).toHaveLength(1);
  });

  it("keeps the version it has when the new one is broken", async () => {
    const host = await startWithProbe();
    await writeFile(join(folder, "main.js"), "syntax error");
    await expect(host.load(folder)).rejects.toMatchObject({ code: "BUNDLE_FAILED" });
    expect(await host.call("acme/probe", "version")).toBe("1.0.0");
  });

  it.each([
    ["is not there", async () => join(home.path, "absent"), "MANIFEST_INVALID"],
    ["has no manifest", () => writeEmpty(), "MANIFEST_INVALID"],
    ["has a broken manifest", () => writeEmpty("plugin.json", "{"), "MANIFEST_INVALID"],
    [
      "has no entry",
      () => writePlugin(join(home.path, "no-entry"), { actions: {}, code: "" }),
      "MANIFEST_INVALID",
    ],
  ])("refuses a folder that %s", async (_, write, code) => {
    const host = await start();
    await expect(host.load(await write())).rejects.toMatchObject({ code });
    expect(host.plugins()).toEqual([]);
  });
});

let empties = 0;
async function writeEmpty(name = "readme.txt", text = "hello"): Promise<string> {
  const path = await writePlugin(join(home.path, `empty-${++empties}`), { actions: { a: {} }, code: "" });
  await import("node:fs/promises").then(({ rm }) => rm(join(path, "plugin.json")));
  await writeFile(join(path, name), text);
  return path;
}

describe("host.call()", () => {
  it.each([
    null,
    0,
    -1.5,
    "",
    "ä🐎\u0000",
    [],
    {},
    [1, [2, { a: null }]],
    { __proto__: { b: 1 }, c: "\u2028" },
  ])("gives %j to the plugin and back", async (value) => {
    const host = await startWithProbe();
    expect(await host.call("acme/probe", "echo", value)).toEqual(value);
  });

  it("gives undefined as null, and an answer of nothing as null", async () => {
    const host = await startWithProbe();
    expect(await host.call("acme/probe", "echo")).toBeNull();
  });

  it("never lets two tenants meet in one guest", async () => {
    const host = await startWithProbe();
    const count = (tenant?: string) =>
      host.call("acme/probe", "count", null, tenant === undefined ? {} : { tenant });
    expect(await Promise.all([count("a"), count("b"), count(), count("main")])).toEqual([1, 1, 1, 2]);
    expect(await count("a")).toBe(2);
    expect(await host.call("acme/probe", "tenant", null, { tenant: "b" })).toBe("b");
    const reports = await host.posture("acme/probe");
    expect(reports.map(({ tenant }) => tenant).sort()).toEqual(["a", "b", "main"]);
    expect(new Set(reports.map(({ pid }) => pid)).size).toBe(3);
    if (isRoot) {
      const uids = reports.map(
        ({ posture }) => posture.walls.find(({ name }) => name === "user-namespace")?.found,
      );
      expect(new Set(uids).size).toBe(3);
    }
  });

  it("hands the plugin its configuration, and only its own", async () => {
    const plugins = {
      "acme/probe": { config: { size: 64, deep: { a: [1] } } },
      "acme/other": { config: { key: "x" } },
    };
    const host = await startWithProbe({ plugins });
    expect(await host.call("acme/probe", "config")).toEqual({ size: 64, deep: { a: [1] } });
  });

  it.each<readonly [string, string, unknown, object | undefined, string]>([
    ["an unknown plugin", "acme/nobody", null, undefined, "PLUGIN_NOT_FOUND"],
    ["a plugin named as a property of every object", "constructor", null, undefined, "PLUGIN_NOT_FOUND"],
    ["a tenant that is a path", "acme/probe", null, { tenant: "../a" }, "USAGE_INVALID"],
    ["an empty tenant", "acme/probe", null, { tenant: "" }, "USAGE_INVALID"],
    ["a tenant with a newline", "acme/probe", null, { tenant: "a\nb" }, "USAGE_INVALID"],
    ["a time limit of nothing", "acme/probe", null, { timeoutMs: 0 }, "USAGE_INVALID"],
    ["a time limit that is no number", "acme/probe", null, { timeoutMs: Number.NaN }, "USAGE_INVALID"],
    ["a forged trace", "acme/probe", null, { traceparent: '00-1-"}' }, "USAGE_INVALID"],
    ["a caller with control characters", "acme/probe", null, { caller: "a\u001b" }, "USAGE_INVALID"],
    ["a signal that is none", "acme/probe", null, { signal: {} }, "USAGE_INVALID"],
    ["a signal that has aborted", "acme/probe", null, { signal: AbortSignal.abort() }, "CANCELLED"],
    ["a payload that is no JSON", "acme/probe", { big: 1n }, undefined, "USAGE_INVALID"],
    [
      "a payload larger than the limit",
      "acme/probe",
      "x".repeat(5 * 1024 ** 2),
      undefined,
      "PAYLOAD_TOO_LARGE",
    ],
    [
      "a payload that grows over it in UTF-8",
      "acme/probe",
      "ä".repeat(3 * 1024 ** 2),
      undefined,
      "PAYLOAD_TOO_LARGE",
    ],
  ])("refuses %s before any guest starts", async (_, plugin, payload, options, code) => {
    const host = await startWithProbe();
    await expect(host.call(plugin, "echo", payload, options)).rejects.toMatchObject({
      name: "PaddockError",
      code,
    });
    expect(await host.posture("acme/probe")).toEqual([]);
  });

  it.each(["nothing", "constructor", "__proto__", ""])("has no action %j", async (name) => {
    const host = await startWithProbe();
    await expect(host.call("acme/probe", name)).rejects.toMatchObject({
      code: "ACTION_NOT_FOUND",
      hint: expect.stringContaining("echo"),
    });
  });

  it("refuses a circular payload", async () => {
    const host = await startWithProbe();
    const circle: unknown[] = [];
    circle.push(circle);
    await expect(host.call("acme/probe", "echo", circle)).rejects.toMatchObject({ code: "USAGE_INVALID" });
  });

  it("tells a refusal of the plugin from a mistake of it, and takes no stack across", async () => {
    const host = await startWithProbe();
    const refused = await host.call("acme/probe", "refuse").catch((error) => error);
    expect(refused).toMatchObject({
      code: "PLUGIN_ERROR",
      hint: "It is closed.",
      data: { pluginCode: "NOT_TODAY" },
    });
    const broken = await host.call("acme/probe", "throws").catch((error) => error);
    expect(broken).toMatchObject({ code: "PLUGIN_BUG" });
    expect(JSON.stringify(broken)).not.toMatch(/at .*main|node:internal/);
  });

  it("gives the plugin's log and output to onLog, named and escaped", async () => {
    const logs: GuestLog[] = [];
    const host = await startWithProbe({ onLog: (log) => logs.push(log) });
    await host.call("acme/probe", "say", "a\u001b[2Jb", { tenant: "t" });
    await expect.poll(() => logs).toHaveLength(3);
    for (const log of logs) {
      expect(log).toMatchObject({
        plugin: "acme/probe",
        tenant: "t",
        message: expect.stringContaining("a\\u{1b}[2Jb"),
      });
    }
    expect(logs.map(({ source }) => source).sort()).toEqual(["log", "stderr", "stdout"]);
    expect(logs.find(({ source }) => source === "log")).toMatchObject({ level: "warn", fields: { a: 1 } });
  });
});

describe("host.unload()", () => {
  it("forgets the plugin, lets its calls end, and ends its guests", async () => {
    const host = await startWithProbe();
    const pending = host.call("acme/probe", "wait", 300);
    await host.call("acme/probe", "version");
    await Promise.all([
      host.unload("acme/probe"),
      expect(host.call("acme/probe", "version")).rejects.toMatchObject({ code: "PLUGIN_NOT_FOUND" }),
    ]);
    expect(await pending).toBe("1.0.0");
    expect(host.plugins()).toEqual([]);
    await expect.poll(() => children().filter((one) => one.includes("bwrap"))).toEqual([]);
  });

  it("ends a guest that was still starting", async () => {
    const host = await startWithProbe();
    const pending = host.call("acme/probe", "version");
    await host.unload("acme/probe");
    expect(await pending).toBe("1.0.0");
    await expect.poll(() => children().filter((one) => one.includes("bwrap"))).toEqual([]);
  });
});
