import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isPaddockError } from "@paddock/contract";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../test/plugins/host-behaviours/leftovers.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../test/plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../../../test/plugins/host-behaviours/write-plugin.js";
import { createHost } from "./host.js";
import type { Host, HostOptions } from "./host-interface.js";
import type { LifecycleEvent } from "./telemetry/lifecycle-event.js";

const ID = "acme/probe";

let before: Holdings;
let home: TemporaryHome;
let folder = "";
let host: Host;
let events: LifecycleEvent[] = [];

beforeAll(async () => {
  home = await makeTemporaryHome();
  folder = join(home.path, "probe");
  before = holdings();
});
beforeEach(async () => {
  await write("1.0.0");
  await start();
});
afterEach(async () => {
  await host.close();
  expect(await leftSince(before)).toEqual([]);
});
afterAll(() => home.remove());

async function start(options: HostOptions = {}): Promise<void> {
  events = [];
  host = await createHost({ home: join(home.path, "home"), ...options });
  const all = events;
  void (async () => {
    for await (const event of host.events()) if (event.kind !== "missed") all.push(event);
  })();
}

/** A version of the plugin, with more of a module's body when something is to go wrong. */
function write(version: string, body = "", more = ""): Promise<string> {
  return writePlugin(folder, {
    version,
    actions: { version: {}, slow: {}, crash: {} },
    code: `${body}
      export default definePlugin({
        ${more}
        actions: {
          version: () => "${version}",
          slow: async (ms) => { await new Promise((resolve) => setTimeout(resolve, ms)); return "${version}"; },
          crash: () => process.abort(),
        },
      });`,
  });
}

const version = () => host.call(ID, "version");
const codeOf = (pending: Promise<unknown>) =>
  pending.then(
    () => "no error",
    (error: unknown) => (isPaddockError(error) ? error.code : String(error)),
  );

describe("loading a plugin that is loaded", () => {
  it("starts and checks the new version before calls go to it, and fails no call", async () => {
    await host.load(folder);
    await version();
    let isDone = false;
    const answers: unknown[] = [];
    const caller = async () => {
      while (!isDone) answers.push(await host.call(ID, "slow", 3));
    };
    const callers = Promise.all(Array.from({ length: 8 }, caller));
    for (const next of ["1.1.0", "1.2.0", "1.3.0"]) {
      await write(next);
      await host.load(folder);
      // The guest is there already: it was checked.
      expect((await host.posture(ID)).length).toBeGreaterThan(0);
      expect(await version()).toBe(next);
    }
    await expect.poll(() => answers.at(-1)).toBe("1.3.0");
    isDone = true;
    await callers;
    expect(new Set(answers)).toEqual(new Set(["1.0.0", "1.1.0", "1.2.0", "1.3.0"]));
    expect(events.flatMap((event) => (event.kind === "reloaded" ? [event.fromVersion] : []))).toEqual([
      "1.0.0",
      "1.1.0",
      "1.2.0",
    ]);
  });

  it("does not wait for what the old version still does", async () => {
    await host.load(folder);
    await version();
    const old = host.call(ID, "slow", 1_500);
    await write("1.1.0");
    const startedAt = performance.now();
    await host.load(folder);
    expect(performance.now() - startedAt).toBeLessThan(1_200);
    expect(await version()).toBe("1.1.0");
    expect(await old).toBe("1.0.0");
  });

  it.each([
    ["throws while it starts", 'throw new Error("broken");', "", "START_FAILED"],
    ["exits while it starts", "process.exit(1);", "", "START_FAILED"],
    ["never ends its init", "", "init: () => new Promise(() => undefined),", "TIMEOUT"],
    ["says that it is not ready", "", "health: () => false,", "TIMEOUT"],
  ])("goes on with the old version when the new one %s", async (_, body, more, code) => {
    await host.close();
    await start({ limits: { startTimeout: "1500ms" } });
    await host.load(folder);
    await version();
    const [guest] = await host.posture(ID);
    await write("2.0.0", body, more);
    const error = await host.load(folder).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "PaddockError", code });
    expect(host.plugins()[0]?.version).toBe("1.0.0");
    expect(await version()).toBe("1.0.0");
    expect((await host.posture(ID)).map(({ pid }) => pid)).toEqual([guest?.pid]);
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: "reload-refused",
        version: "1.0.0",
        refusedVersion: "2.0.0",
        failure: expect.objectContaining({ code }),
      }),
    );
    // And the next one that is healthy is taken.
    await write("2.0.1");
    await host.load(folder);
    expect(await version()).toBe("2.0.1");
  });

  it("several times at once ends with one of them, and every call is answered", async () => {
    await host.load(folder);
    await version();
    const loads = Promise.all([host.load(folder), host.load(folder), host.load(folder)]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => version()));
    expect(new Set(answers)).toEqual(new Set(["1.0.0"]));
    await loads;
    expect(host.plugins()).toHaveLength(1);
    await expect.poll(async () => (await host.posture(ID)).length).toBe(1);
  });

  it("leaves nothing when the host closes meanwhile", async () => {
    await host.load(folder);
    await version();
    await write("1.1.0");
    const loading = codeOf(host.load(folder));
    await wait(60);
    await host.close();
    expect(["HOST_CLOSED", "no error", "KILLED", "SETUP_FAILED"]).toContain(await loading);
  });
});

describe("quarantine", () => {
  const crashTwice = async () => {
    for (let time = 0; time < 2; time++) expect(await codeOf(host.call(ID, "crash"))).toBe("CRASHED");
  };
  const options: HostOptions = {
    interpreter: { guards: false },
    defaults: { restart: { crashes: 2, window: "10m" } },
  };
  const operator = { id: "ops", roles: ["operator"] } as const;

  it("outlives the host and the version, and ends with a release", async () => {
    await host.close();
    await start(options);
    await host.load(folder);
    await crashTwice();
    expect(await codeOf(version())).toBe("PLUGIN_QUARANTINED");
    await host.close();
    await start(options);
    await host.load(folder);
    const error = await version().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "PLUGIN_QUARANTINED", data: { last: { code: "CRASHED" } } });
    await write("1.1.0");
    await host.load(folder);
    expect(await codeOf(version())).toBe("PLUGIN_QUARANTINED");
    await host.admin.release(operator, ID);
    expect(await version()).toBe("1.1.0");
    await host.close();
    await start(options);
    await host.load(folder);
    expect(await version()).toBe("1.1.0");
  });
});
