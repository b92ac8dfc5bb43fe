import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf, copyPlugin, type FaultBench, failureOf, openFaultBench } from "./fault-bench.js";

let bench: FaultBench;
beforeAll(async () => {
  bench = await openFaultBench({ limits: { startTimeout: "5s" } });
});
afterAll(async () => bench?.close());

/** Versions of one plugin, each in the place of the one before. */
function versionsOf(plugin: string, name: string) {
  const id = `faults/${name}`;
  const folder = join(bench.directory, name);
  return {
    id,
    folder,
    /** A version that fails at a moment, in every guest. */
    write: (version: string, failure: object) =>
      copyPlugin(plugin, folder, id, { "moment.json": { ...failure, always: true } }, version),
    load: () => bench.host.load(folder),
    call: (payload: string) => bench.host.call(id, "call", payload, { timeoutMs: 10_000 }),
    pids: async () => (await bench.host.posture(id)).map(({ pid }) => pid),
    loaded: () => bench.host.plugins().find((one) => one.id === id)?.version,
  };
}

const FAILURES = [
  { moment: "import", way: "crash", code: "START_FAILED" },
  { moment: "init", way: "crash", code: "START_FAILED" },
  { moment: "init", way: "hang", code: "TIMEOUT" },
  { moment: "health", way: "crash", code: "START_FAILED" },
  { moment: "health", way: "hang", code: "TIMEOUT" },
  { moment: "after-init", way: "crash", code: "START_FAILED" },
];
const CASES = ["fails-at", "fails-at-python"].flatMap((plugin) =>
  FAILURES.map((failure) => ({ plugin, ...failure })),
);

describe("A new version that fails", () => {
  test.concurrent.each(CASES)("by a $way at $moment leaves the old one at work: $plugin", async (one) => {
    const { plugin, moment, way, code } = one;
    const versions = versionsOf(plugin, `${moment}-${way}-${plugin}`);
    await versions.write("1.0.0", {});
    await versions.load();
    expect(await versions.call("old")).toBe("old");
    const before = await versions.pids();
    const pending = bench.host.call(versions.id, "slow", 400);
    await versions.write("2.0.0", { moment, way });
    expect((await failureOf(versions.load())).code).toBe(code);
    expect(await pending).toBe(400);
    expect(await versions.call("still")).toBe("still");
    expect(versions.loaded()).toBe("1.0.0");
    expect(await versions.pids()).toEqual(before);
    expect(bench.events).toContainEqual(
      expect.objectContaining({
        kind: "reload-refused",
        plugin: versions.id,
        version: "1.0.0",
        refusedVersion: "2.0.0",
      }),
    );
    await bench.assertOthersServed();
    // And the next one that does not fail is taken.
    await versions.write("3.0.0", {});
    await versions.load();
    expect(await versions.call("new")).toBe("new");
  });
});

test("A new version whose handshake names other actions leaves the old one at work", async () => {
  const versions = versionsOf("fails-at", "others");
  await versions.write("1.0.0", {});
  await versions.load();
  await versions.call("old");
  await versions.write("2.0.0", {});
  await writeFile(
    join(versions.folder, "main.js"),
    'import { definePlugin } from "@paddock/sdk";\nexport default definePlugin({ actions: { other: () => 2 } });',
  );
  expect(await failureOf(versions.load())).toMatchObject({
    code: "PLUGIN_MISMATCH",
    message: expect.stringContaining("call"),
  });
  expect(await versions.call("still")).toBe("still");
});

test("An old version that crashes while it drains takes only its own calls with it", async () => {
  const versions = versionsOf("fails-at", "draining");
  await versions.write("1.0.0", { moment: "draining", way: "crash" });
  await versions.load();
  await versions.call("old");
  const old = codeOf(bench.host.call(versions.id, "slow", 600));
  await versions.write("2.0.0", {});
  await versions.load();
  expect(await versions.call("new")).toBe("new");
  expect(await old).toBe("CRASHED");
  expect(await versions.call("new")).toBe("new");
  expect(versions.loaded()).toBe("2.0.0");
});
