import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeBehavingPlugin } from "./behaving-plugin.ts";
import { finish, makeFolder, startPaddock } from "./paddock.ts";

let root: Awaited<ReturnType<typeof makeFolder>>;
let plugin: string;
beforeAll(async () => {
  root = await makeFolder();
  plugin = await writeBehavingPlugin(join(root.path, "plugin"));
});
afterAll(() => root.remove());

it.each([
  ["SIGINT", 130, "sleep"],
  ["SIGTERM", 143, "sleep"],
  ["SIGINT", 130, "spin"],
] as const)("%s ends a call with status %i, while the plugin does %s", async (signal, status, action) => {
  const child = startPaddock(["run", plugin, action, "--home", join(root.path, "home"), "--json"]);
  const finished = finish(child);
  await new Promise<void>((resolve) => child.stderr?.on("data", () => resolve()));
  child.kill(signal);
  const { status: found, stdout } = await finished;
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "CANCELLED", data: { signal } } });
  expect(found).toBe(status);
});

it("a signal while the plugin is loaded ends that as well", async () => {
  const child = startPaddock(["run", plugin, "echo", "--home", join(root.path, "fresh")]);
  const finished = finish(child);
  await new Promise((resolve) => setTimeout(resolve, 250));
  child.kill("SIGTERM");
  // Before there is anything to close, the signal itself is what ends it.
  expect([0, 143, null]).toContain((await finished).status);
});
