import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writePlugin } from "./behaving-plugin.ts";
import { makeFolder, paddock } from "./paddock.ts";

let root: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  root = await makeFolder();
});
afterAll(() => root.remove());

it("paddock posture shows the walls that the kernel tells of", async () => {
  const plugin = await writePlugin(join(root.path, "plugin"));
  const line = ["posture", plugin, "--home", join(root.path, "home")];
  const { status, stdout } = await paddock(line);
  expect(status).toBe(0);
  for (const wall of ["user-namespace", "no-capabilities", "seccomp"]) expect(stdout).toContain(`✓  ${wall}`);
  const { walls, digest, pid } = JSON.parse((await paddock([...line, "--json"])).stdout);
  expect(walls.length).toBeGreaterThan(10);
  expect(digest).toMatch(/^sha256:/);
  expect(pid).toBeGreaterThan(0);
});

it("paddock posture fails as the start of the plugin does", async () => {
  const plugin = await writePlugin(join(root.path, "broken"), { code: "throw new Error('at once');" });
  const { status, stderr } = await paddock(["posture", plugin, "--home", join(root.path, "home")]);
  expect(status).toBe(65);
  expect(stderr).toContain("[START_FAILED]");
});
