import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost } from "@paddock/host";
import { expect, test } from "vitest";

test("A second host cannot touch the home of a living one", async () => {
  const home = join(realpathSync(mkdtempSync(join(tmpdir(), "shared-"))), "home");
  const options = { home, limits: { disk: "4MB", scratch: "4MB", inodes: 200 } } as const;
  await using first = await createHost(options);
  const keeps = join(import.meta.dirname, "../plugins/keeps-data");
  await first.load(keeps);
  expect(await first.call("attacker/keeps-data", "attack", { text: "first" })).toBe("first");
  // Not even what it would sweep away at its start.
  await expect(createHost(options)).rejects.toMatchObject({ code: "HOME_IN_USE" });
  expect(await first.call("attacker/keeps-data", "attack", { text: "again" })).toBe("again");
  await first.close();
  await using second = await createHost(options);
  await second.load(keeps);
  expect(await second.call("attacker/keeps-data", "attack", {})).toBe("again");
});
