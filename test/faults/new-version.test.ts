import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { codeOf, copyPlugin, type FaultBench, failureOf, openFaultBench } from "./fault-bench.js";

const ID = "faults/updated";

let bench: FaultBench;
let folder = "";
beforeEach(async () => {
  bench = await openFaultBench({ limits: { startTimeout: "1500ms", timeout: "1500ms" } });
  folder = join(bench.directory, "updated");
});
afterEach(async () => bench.close());

/** A version that fails at a moment, in every guest. */
async function write(plugin: string, version: string, failure: object): Promise<void> {
  await copyPlugin(plugin, folder, ID, { "moment.json": { ...failure, always: true } }, version);
}

const pids = async () => (await bench.host.posture(ID)).map(({ pid }) => pid);

describe.each(["fails-at", "fails-at-python"])("A new version of %s that fails", (plugin) => {
  test.each([
    { moment: "import", way: "crash", code: "START_FAILED" },
    { moment: "init", way: "crash", code: "START_FAILED" },
    { moment: "init", way: "hang", code: "TIMEOUT" },
    { moment: "health", way: "crash", code: "START_FAILED" },
    { moment: "health", way: "hang", code: "TIMEOUT" },
    { moment: "after-init", way: "crash", code: "START_FAILED" },
  ])("by a $way at $moment leaves the old one at work", async ({ code, ...failure }) => {
    await write(plugin, "1.0.0", {});
    await bench.host.load(folder);
    expect(await bench.host.call(ID, "call", "old")).toBe("old");
    const before = await pids();
    const pending = bench.host.call(ID, "slow", 400);
    await write(plugin, "2.0.0", failure);
    expect((await failureOf(bench.host.load(folder))).code).toBe(code);
    expect(await pending).toBe(400);
    expect(await bench.host.call(ID, "call", "still")).toBe("still");
    expect(bench.host.plugins().find(({ id }) => id === ID)?.version).toBe("1.0.0");
    expect(await pids()).toEqual(before);
    expect(bench.events).toContainEqual(
      expect.objectContaining({ kind: "reload-refused", version: "1.0.0", refusedVersion: "2.0.0" }),
    );
    // What failed does not count against the version that did not.
    expect(await codeOf(bench.host.call(ID, "call"))).toBe("answered");
    await bench.assertOthersServed();
  });
});

test("A new version whose handshake names other actions leaves the old one at work", async () => {
  await write("fails-at", "1.0.0", {});
  await bench.host.load(folder);
  await bench.host.call(ID, "call");
  await write("fails-at", "2.0.0", {});
  await writeFile(
    join(folder, "main.js"),
    'import { definePlugin } from "@paddock/sdk";\nexport default definePlugin({ actions: { other: () => 2 } });',
  );
  expect(await failureOf(bench.host.load(folder))).toMatchObject({
    code: "PLUGIN_MISMATCH",
    message: expect.stringContaining("call"),
  });
  expect(await bench.host.call(ID, "call", "still")).toBe("still");
});

test("An old version that crashes while it drains takes only its own calls with it", async () => {
  await copyPlugin("fails-at", folder, ID, { "moment.json": { moment: "draining", way: "crash" } });
  await bench.host.load(folder);
  await bench.host.call(ID, "call");
  const old = codeOf(bench.host.call(ID, "slow", 600));
  await write("fails-at", "2.0.0", {});
  await bench.host.load(folder);
  expect(await bench.host.call(ID, "call", "new")).toBe("new");
  expect(await old).toBe("CRASHED");
  expect(await bench.host.call(ID, "call", "new")).toBe("new");
  expect(bench.host.plugins().find(({ id }) => id === ID)?.version).toBe("2.0.0");
});
