import { afterEach, beforeEach, expect, it } from "vitest";
import {
  createGuestBench,
  type GuestBench,
  serving,
} from "../../../../test/plugins/host-behaviours/guest-bench.js";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";

let before: Holdings;
let bench: GuestBench;
beforeEach(async () => {
  before = holdings();
  bench = await createGuestBench();
});
afterEach(async () => {
  await bench.close();
  expect(await leftSince(before)).toEqual([]);
});

it("A host that closes while guests of many plugins and tenants start settles every call and leaves nothing", async () => {
  const plugins = await Promise.all(
    [1, 2].map(() =>
      bench.createPlugin(
        serving("send({ id: m.id, result: 1 });"),
        {},
        { instances: { min: 1, max: 2, idleMs: 60_000, standby: 1 } },
      ),
    ),
  );
  const calls = plugins.flatMap((plugin) =>
    ["a", "b", "c"].map((tenant) =>
      bench.call(plugin, { tenant, shareKey: tenant }).then(
        () => "answered",
        (error: { code?: string }) => error.code,
      ),
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, 60));
  await bench.supervisor.close();
  const outcomes = await Promise.all(calls);
  expect(outcomes).toHaveLength(6);
  for (const outcome of outcomes) expect(["answered", "HOST_CLOSED", "KILLED"]).toContain(outcome);
  expect((await bench.failureOf(bench.call(plugins[0] ?? expect.fail("no plugin")))).code).toBe(
    "HOST_CLOSED",
  );
});
