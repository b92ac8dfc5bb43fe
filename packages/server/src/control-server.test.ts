import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, lstat, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createHost, type Host } from "@paddock/host";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { writeProbe } from "../../../test/plugins/host-behaviours/probe.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../test/plugins/host-behaviours/temporary-home.js";
import { type ControlClient, connectControl } from "./control-client.js";
import { type ControlServer, createControlServer } from "./control-server.js";

const PROBE = "acme/probe";
const isRoot = process.getuid?.() === 0;
/** "nobody" of Linux distributions. */
const STRANGER = 65_534;

let home: TemporaryHome;
let host: Host;
let place = "";
let path = "";
let count = 0;
const servers: ControlServer[] = [];
const clients: ControlClient[] = [];

beforeAll(async () => {
  home = await makeTemporaryHome();
  await writeProbe(join(home.path, "probe"));
  host = await createHost({ home: join(home.path, "home") });
  await host.load(join(home.path, "probe"));
});
beforeEach(async () => {
  place = join(home.path, String(++count));
  await mkdir(place);
  path = join(place, "control", "paddock.sock");
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(async () => {
  await host.close();
  await home.remove();
});

async function serve(at = path): Promise<ControlServer> {
  const server = await createControlServer(host, { path: at });
  servers.push(server);
  return server;
}

async function client(at = path): Promise<ControlClient> {
  const made = await connectControl(at);
  clients.push(made);
  return made;
}

/** A process that listens at a path until it is killed. */
async function listener(at: string): Promise<ChildProcess> {
  const code = `require("net").createServer().listen(${JSON.stringify(at)}, () => console.log("up"))`;
  const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  // Safe: stdout was asked for as a pipe.
  await once(child.stdout as NonNullable<typeof child.stdout>, "data");
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

describe("the control socket", () => {
  it("is its owner's only: folder 0700, socket 0600", async () => {
    await serve();
    expect((await lstat(join(place, "control"))).mode & 0o777).toBe(0o700);
    expect((await lstat(path)).mode & 0o777).toBe(0o600);
  });

  it("lets no other user in", async () => {
    await serve();
    expect((await lstat(path)).mode & 0o777).toBe(0o600);
    expect((await lstat(join(place, "control"))).mode & 0o777).toBe(0o700);
    // Only root can become somebody else and try.
    if (!isRoot) return;
    const code = `require("net").connect(${JSON.stringify(path)}).on("connect", () => console.log("in"))
      .on("error", (error) => console.log(error.code))`;
    const child = spawn(process.execPath, ["-e", code], { uid: STRANGER, gid: STRANGER, cwd: "/" });
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
    });
    await once(child, "close");
    expect(said.trim()).toBe("EACCES");
  });

  it("may lie deeper than the name of a socket may be long", async () => {
    const deep = join(place, "d".repeat(100), "e".repeat(100), "paddock.sock");
    await serve(deep);
    expect(await (await client(deep)).list()).toMatchObject([{ id: PROBE }]);
  });

  it("is gone when its server has closed, and closing again does nothing", async () => {
    const server = await serve();
    await server.close();
    await server.close();
    await expect(lstat(path)).rejects.toMatchObject({ code: "ENOENT" });
    await expect(connectControl(path)).rejects.toMatchObject({ code: "HOST_UNREACHABLE" });
  });

  it("replaces one that a killed host left", async () => {
    await mkdir(join(place, "control"), { mode: 0o700 });
    await killed(await listener(path));
    expect((await lstat(path)).isSocket()).toBe(true);
    await expect(connectControl(path)).rejects.toMatchObject({
      code: "HOST_UNREACHABLE",
      message: expect.stringContaining("left by a host that is gone"),
    });
    await serve();
    expect(await (await client()).list()).toHaveLength(1);
  });

  it("leaves a living host's alone", async () => {
    await serve();
    await expect(createControlServer(host, { path })).rejects.toMatchObject({ code: "HOME_IN_USE" });
    expect(await (await client()).list()).toHaveLength(1);
  });
});

describe("createControlServer() refuses with SETUP_FAILED", () => {
  it("a link in place of its folder, and makes nothing where it leads", async () => {
    await mkdir(join(place, "elsewhere"), { mode: 0o700 });
    await symlink("elsewhere", join(place, "control"));
    await expect(createControlServer(host, { path })).rejects.toMatchObject({ code: "SETUP_FAILED" });
    await expect(lstat(join(place, "elsewhere", "paddock.sock"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("a folder that others may enter", async () => {
    await mkdir(join(place, "control"));
    await chmod(join(place, "control"), 0o755);
    await expect(createControlServer(host, { path })).rejects.toMatchObject({
      code: "SETUP_FAILED",
      hint: expect.stringContaining("chmod 700"),
    });
  });

  it("a folder of another user", async () => {
    await mkdir(join(place, "control"), { mode: 0o700 });
    if (isRoot) await chown(join(place, "control"), STRANGER, STRANGER);
    // Root's own folder is another user's to everybody else.
    const there = isRoot ? path : "/etc/host.sock";
    await expect(createControlServer(host, { path: there })).rejects.toMatchObject({ code: "SETUP_FAILED" });
  });

  it.each(["file", "link", "folder"])("a %s in place of the socket, and leaves it there", async (kind) => {
    await mkdir(join(place, "control"), { mode: 0o700 });
    if (kind === "file") await writeFile(path, "precious");
    else if (kind === "link") await symlink("/etc/passwd", path);
    else await mkdir(path);
    await expect(createControlServer(host, { path })).rejects.toMatchObject({ code: "SETUP_FAILED" });
    await lstat(path);
    await rm(path, { recursive: true });
  });
});

describe("a client", () => {
  it("calls, and gets the plugin's answer and its errors", async () => {
    await serve();
    const one = await client();
    const answer = await one.call(PROBE, "echo", { payload: { a: [1, "ü"], __proto__: null } });
    expect(answer).toEqual({ kind: "json", value: { a: [1, "ü"] } });
    expect(await one.call(PROBE, "tenant", { payload: null, tenant: "b" })).toMatchObject({ value: "b" });
    await expect(one.call(PROBE, "refuse", { payload: null })).rejects.toMatchObject({
      code: "PLUGIN_ERROR",
      data: { pluginCode: "NOT_TODAY" },
    });
    await expect(one.call(PROBE, "nothing", { payload: null })).rejects.toMatchObject({
      code: "ACTION_NOT_FOUND",
      hint: expect.stringContaining("echo"),
    });
    expect(await one.samples(PROBE)).toMatchObject([{ tenant: "main" }, { tenant: "b" }]);
    await expect(one.get("acme/none")).rejects.toMatchObject({ code: "PLUGIN_NOT_FOUND" });
    await expect(one.call(PROBE, "echo", { payload: 1, timeoutMs: -1 })).rejects.toMatchObject({
      code: "USAGE_INVALID",
    });
  });

  it("that goes away takes its call with it", async () => {
    await serve();
    const one = await client();
    const stop = new AbortController();
    const waiting = one.call(PROBE, "wait", { payload: 2_000, signal: stop.signal });
    const logged = one.call(PROBE, "echo", { payload: 1 });
    await logged;
    stop.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    const [server] = servers;
    // It does not wait for what nobody waits for.
    const startedAt = performance.now();
    await server?.close({ drainMs: 60_000 });
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it("follows the logs, until the server closes", async () => {
    const server = await serve();
    const one = await client();
    await one.call(PROBE, "say", { payload: "before" });
    const seen: string[] = [];
    for await (const { message } of one.logs({ plugin: PROBE, follow: true })) {
      seen.push(message);
      if (seen.length === 3) await one.call(PROBE, "say", { payload: "after" });
      if (seen.length === 6) void server.close();
    }
    expect(seen.join()).toMatch(/before.*after/s);
  });

  it("that closes the server meanwhile gets the answer first: it drains", async () => {
    const server = await serve();
    const one = await client();
    await one.call(PROBE, "echo", { payload: 1 });
    const waiting = one.call(PROBE, "wait", { payload: 300 });
    const [{ atMs }] = [await first(one.usage({}))];
    expect(atMs).toBeGreaterThan(0);
    const closed = server.close();
    expect(await waiting).toEqual({ kind: "json", value: "1.0.0" });
    await closed;
  });

  it("hears what happens, and who did it", async () => {
    await serve();
    const one = await client();
    const heard: unknown[] = [];
    const stop = new AbortController();
    const listening = (async () => {
      for await (const event of one.events({ plugin: PROBE, signal: stop.signal })) {
        if (event?.kind === "operated") heard.push([event.actor.id, event.method]);
        if (heard.length > 0) stop.abort();
      }
    })();
    const ended = expect(listening).rejects.toMatchObject({ name: "AbortError" });
    // Until it listens, nothing is told to it.
    while (heard.length === 0) await one.change(PROBE, "release");
    await ended;
    expect(heard[0]).toEqual([`local:${process.geteuid?.()}`, "release"]);
  });

  it("is any program that speaks HTTP: Prometheus, say", async () => {
    await serve();
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ socketPath: path, path: "/metrics" }, resolve).once("error", reject);
    });
    expect(response.headers["content-type"]).toContain("text/plain");
    expect(await text(response)).toContain("# TYPE paddock_");
  });

  it("shows, exports and clears data", async () => {
    await serve();
    const one = await client();
    expect(await one.showData(PROBE, "main")).toMatchObject({ plugin: PROBE, fileCount: 0 });
    const chunks: Uint8Array[] = [];
    for await (const chunk of one.exportData(PROBE, "main")) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString("latin1")).toContain("key-values.ndjson");
    expect(await one.clearData(PROBE, "main")).toMatchObject({ entries: 0 });
    await expect(one.showData(PROBE, "../x")).rejects.toMatchObject({ code: "USAGE_INVALID" });
  });
});

describe("a hostile client", () => {
  it.each([
    ["garbage", "\x00\xff not http\r\n\r\n"],
    ["a header that never ends", "GET /v1/plugins HTTP/1.1\r\nhost: x\r\nx: "],
    [
      "a body that never comes",
      "POST /v1/plugins HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n",
    ],
    ["a stream that nobody reads", "GET /v1/logs?follow=true HTTP/1.1\r\nhost: x\r\n\r\n"],
  ])("with %s holds up nobody, not even the end", async (_, bytes) => {
    const server = await serve();
    const sockets = Array.from({ length: 20 }, () => connect(path));
    for (const socket of sockets) {
      socket.on("error", () => undefined);
      socket.write(bytes, "latin1");
      socket.pause();
    }
    const one = await client();
    for (let at = 0; at < 20; at++) await one.call(PROBE, "say", { payload: "x".repeat(1_000) });
    expect(await one.list()).toHaveLength(1);
    await server.close();
    for (const socket of sockets) socket.destroy();
  });

  it("gets 413 for a body that is too large, and 400 for one that is no JSON", async () => {
    await serve();
    const one = await client();
    await expect(one.load(`/${"x".repeat(100_000)}`)).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    await expect(one.load("relative")).rejects.toMatchObject({ code: "USAGE_INVALID" });
  });
});

async function first<T>(values: AsyncIterable<T>): Promise<T> {
  for await (const value of values) return value;
  throw new Error("there was none");
}
