import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost } from "@paddock/host";
import { expect, test } from "vitest";

test("Two hosts with one home do not harm each other", async () => {
  const home = join(realpathSync(mkdtempSync(join(tmpdir(), "shared-"))), "home");
  const options = { home, limits: { disk: "4MB", scratch: "4MB", inodes: 200 } } as const;
  await using first = await createHost(options);
  const keeps = join(import.meta.dirname, "../plugins/keeps-data");
  await first.load(keeps);
  expect(await first.call("attacker/keeps-data", "attack", { text: "first" })).toBe("first");
  await using second = await createHost(options);
  await second.load(keeps);
  const other = await second
    .call("attacker/keeps-data", "attack", {}, { timeoutMs: 9_000 })
    .catch((error: { code: string }) => error.code);
  // One volume cannot be mounted by two: the second is refused, or sees what the first one wrote.
  expect(["first", "SETUP_FAILED", "STORE_FAILED", "TIMEOUT"]).toContain(other);
  expect(await first.call("attacker/keeps-data", "attack", { text: "again" })).toBe("again");
});
