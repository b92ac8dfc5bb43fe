import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";
import { writeProbe } from "../../../../test/plugins/host-behaviours/probe.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../test/plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../../../../test/plugins/host-behaviours/write-plugin.js";
import { createHost } from "../host.js";
import type { Host } from "../host-interface.js";
import type { CallTrace } from "../pipeline/trace.js";
import type { Admin } from "./admin.js";

const ADA = { id: "ada", roles: ["operator"] };
let before: Holdings;
let home: TemporaryHome;
let folder: string;
let host: Host;

beforeAll(async () => {
  home = await makeTemporaryHome();
  folder = join(home.path, "probe");
  await mkdir(folder);
  before = holdings();
});
afterEach(async () => {
  await host.close();
  expect(await leftSince(before)).toEqual([]);
});
afterAll(() => home.remove());

async function start(): Promise<Admin> {
  await writeProbe(folder);
  host = await createHost({ home: join(home.path, "home") });
  return host.admin;
}

it("does nothing for nobody: every method wants an actor", async () => {
  const admin = await start();
  await host.load(folder);
  // Safe: it is what a caller in JavaScript may do.
  const nobody = undefined as never;
  const first = (lines: AsyncIterable<unknown>) => lines[Symbol.asyncIterator]().next();
  const attempts: readonly (() => Promise<unknown>)[] = [
    () => admin.list(nobody),
    () => admin.get(nobody, "acme/probe"),
    () => admin.load(nobody, folder),
    () => admin.reload(nobody, "acme/probe"),
    () => admin.unload(nobody, "acme/probe"),
    () => admin.suspend(nobody, "acme/probe"),
    () => admin.resume(nobody, "acme/probe"),
    () => admin.restart(nobody, "acme/probe"),
    () => admin.release(nobody, "acme/probe"),
    () => admin.call(nobody, "acme/probe", "echo", 1),
    () => admin.samples(nobody, "acme/probe"),
    () => first(admin.logs(nobody)),
    () => admin.data.show(nobody, "acme/probe"),
    () => first(admin.data.export(nobody, "acme/probe")),
    () => admin.data.clear(nobody, "acme/probe"),
  ];
  for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: "USAGE_INVALID" });
  expect(host.plugins()).toHaveLength(1);
});

it("loads, lists, reloads and unloads", async () => {
  const admin = await start();
  expect(await admin.load(ADA, folder)).toMatchObject({ id: "acme/probe", version: "1.0.0", folder });
  expect(await admin.list(ADA)).toMatchObject([{ id: "acme/probe", state: "installed", guests: [] }]);
  await host.call("acme/probe", "echo", 1);
  expect(await admin.get(ADA, "acme/probe")).toMatchObject({ state: "ready", guests: [{ tenant: "main" }] });
  await writeProbe(folder, "1.1.0");
  expect(await admin.reload(ADA, "acme/probe")).toMatchObject({ version: "1.1.0" });
  await admin.unload(ADA, "acme/probe");
  await expect(admin.get(ADA, "acme/probe")).rejects.toMatchObject({ code: "PLUGIN_NOT_FOUND" });
});

it("calls as who asks, or as whom that one names", async () => {
  const admin = await start();
  await host.load(folder);
  const callers: unknown[] = [];
  const onTrace = ({ caller }: CallTrace) => callers.push(caller);
  expect(await admin.call(ADA, "acme/probe", "echo", 1, { onTrace })).toBe(1);
  expect(await admin.call(ADA, "acme/probe", "echo", 2, { onTrace, caller: "bob" })).toBe(2);
  expect(callers).toEqual(["ada", "bob"]);
});

it("keeps what plugins logged, and goes on with what they log", async () => {
  const admin = await start();
  await host.load(folder);
  await host.call("acme/probe", "say", "first\u001b[31m");
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const { message } of admin.logs(ADA, {
    plugin: "acme/probe",
    follow: true,
    signal: stop.signal,
  })) {
    seen.push(message);
    if (seen.length === 3) await host.call("acme/probe", "say", "second");
    if (seen.length === 6) stop.abort();
  }
  expect(seen.slice(0, 3).join()).toContain("first\\u{1b}[31m");
  expect(seen.slice(3).join()).toContain("second");
  await admin.unload(ADA, "acme/probe");
  const left: string[] = [];
  for await (const { message } of admin.logs(ADA, { plugin: "acme/probe" })) left.push(message);
  expect(left).toEqual(seen);
  const none = admin.logs(ADA, { plugin: "acme/none" })[Symbol.asyncIterator]();
  await expect(none.next()).rejects.toMatchObject({ code: "PLUGIN_NOT_FOUND" });
});

it("suspends, resumes, restarts and releases, and tells who did it", async () => {
  const admin = await start();
  await admin.load(ADA, folder);
  const events = host.events({ kinds: ["operated"] });
  await host.call("acme/probe", "count");
  expect(await admin.suspend(ADA, "acme/probe")).toMatchObject({ state: "suspended" });
  await expect(host.call("acme/probe", "count")).rejects.toMatchObject({ code: "PLUGIN_SUSPENDED" });
  expect(await admin.resume(ADA, "acme/probe")).toMatchObject({ state: "ready" });
  // The same guest, with its memory.
  expect(await host.call("acme/probe", "count")).toBe(2);
  await admin.restart(ADA, "acme/probe");
  expect(await host.call("acme/probe", "count")).toBe(1);
  expect(await admin.samples(ADA, "acme/probe")).toMatchObject([{ tenant: "main" }]);
  await admin.release(ADA, "acme/probe");
  await expect(admin.data.show(ADA, "acme/probe", { tenant: "../x" })).rejects.toThrow();
  const seen: unknown[] = [];
  for await (const event of events) {
    if (event.kind === "operated") seen.push([event.actor.id, event.method, event.failure?.code]);
    if (seen.length === 5) break;
  }
  expect(seen).toEqual([
    ["ada", "suspend", undefined],
    ["ada", "resume", undefined],
    ["ada", "restart", undefined],
    ["ada", "release", undefined],
    ["ada", "data.show", "USAGE_INVALID"],
  ]);
});

it("does not load another plugin that its folder has by now", async () => {
  const admin = await start();
  await admin.load(ADA, folder);
  await writePlugin(folder, {
    id: "acme/other",
    actions: { echo: {} },
    code: "export default definePlugin({ actions: { echo: (x) => x } })",
  });
  await expect(admin.reload(ADA, "acme/probe")).rejects.toMatchObject({ code: "PLUGIN_INVALID" });
  expect(host.plugins().map(({ id }) => id)).toEqual(["acme/probe"]);
});

it("refuses a folder that is not absolute", async () => {
  const admin = await start();
  await expect(admin.load(ADA, "./probe")).rejects.toMatchObject({ code: "USAGE_INVALID" });
});
