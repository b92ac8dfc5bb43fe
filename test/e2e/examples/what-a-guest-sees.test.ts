import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, hostname, release, totalmem, uptime, version } from "node:os";
import { join } from "node:path";
import { createHost, type Host } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlace, type Place } from "./place.ts";

/** SECURITY.md tells users what is in here. */
const LOOK = `
import { readdirSync } from "node:fs";
import os from "node:os";
import { definePlugin } from "@paddock/sdk";

const orNothing = (look) => { try { return look(); } catch { return undefined; } };

export default definePlugin({
  actions: {
    look: () => ({
      release: os.release(), version: os.version(), uptime: os.uptime(), load: os.loadavg(),
      total: os.totalmem(), parallelism: os.availableParallelism(), now: Date.now(),
      hostname: os.hostname(), user: process.getuid(), group: process.getgid(), pid: process.pid, parent: process.ppid,
      name: orNothing(() => os.userInfo().username), interfaces: orNothing(() => os.networkInterfaces()),
      processes: readdirSync("/proc"), zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      environment: process.env, root: readdirSync("/").sort(), argv: process.argv,
    }),
  },
});
`;

const MANIFEST = `
manifest: 1
id: tests/looks
version: 1.0.0
runtime: { kind: node, entry: main.js }
actions: { look: {} }
`;

let place: Place;
let host: Host;
let seen: Readonly<Record<string, unknown>>;
beforeAll(async () => {
  place = await createPlace();
  const folder = join(place.folder, "looks");
  await mkdir(folder);
  await writeFile(join(folder, "plugin.yaml"), MANIFEST);
  await writeFile(join(folder, "main.js"), LOOK);
  host = await createHost({ home: place.home, interpreter: { guards: false } });
  await host.load(folder);
  // The plugin above returns an object.
  seen = (await host.call("tests/looks", "look")) as Readonly<Record<string, unknown>>;
});
afterAll(async () => {
  await host.close();
  await place[Symbol.asyncDispose]();
});

describe("a guest without guards", () => {
  it("sees what SECURITY.md says that it sees", () => {
    expect(seen).toMatchObject({
      release: release(),
      version: version(),
      total: totalmem(),
      parallelism: availableParallelism(),
    });
    expect(Math.abs(Number(seen.uptime) - uptime())).toBeLessThan(60);
    expect(Math.abs(Number(seen.now) - Date.now())).toBeLessThan(60_000);
  });

  it("does not see what SECURITY.md says that it does not see", () => {
    expect(hostname()).not.toBe("plugin");
    expect(seen).toMatchObject({
      hostname: "plugin",
      user: 1000,
      group: 1000,
      pid: 1,
      parent: 0,
      processes: [],
      zone: "UTC",
      environment: {},
      argv: ["/runtime/node", expect.stringMatching(/^\/paddock\/guest-entry\.[cm]?js$/)],
    });
    expect(seen).not.toHaveProperty("name");
    expect(seen).not.toHaveProperty("interfaces");
  });

  it("has nothing in its root but what it needs to run", () => {
    const needed = [
      ".launch-stub",
      "data",
      "dev",
      "inbox",
      "lib",
      "lib64",
      "outbox",
      "paddock",
      "plugin",
      "proc",
      "runtime",
      "tmp",
    ];
    expect(needed).toEqual(
      expect.arrayContaining([...(seen.root as readonly string[])].filter((name) => name !== "usr")),
    );
  });
});
