import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestHost } from "@paddock/sdk/testing";
import plugin from "../src/main.js";

const permissions = [{ use: "storage.kv", max: "1MB" }];

test("greet remembers whom it has greeted", async (t) => {
  const host = await createTestHost({ plugin, permissions });
  t.after(() => host.close());
  assert.deepEqual(await host.call("greet", { name: "Ada" }), { greeting: "Hello, Ada!", times: 1 });
  assert.deepEqual(await host.call("greet", { name: "Ada" }), { greeting: "Hello, Ada!", times: 2 });
  assert.equal(host.recorded.logs[0]?.message, "greeted");
});

test("greet refuses a name without letters", async (t) => {
  const host = await createTestHost({ plugin, permissions });
  t.after(() => host.close());
  await assert.rejects(host.call("greet", { name: "42" }), { code: "PLUGIN_ERROR" });
});
