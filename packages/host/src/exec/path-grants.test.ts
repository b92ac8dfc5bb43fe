import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { planPathGrants } from "./path-grants.js";

let folder = "";
let homeVariable: string | undefined;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "grants-")));
  for (const path of ["me/.config/gcloud", "me/.ssh", "me/work", "other/.ssh", "state"]) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  writeFileSync(join(folder, "other/.netrc"), "");
  symlinkSync(join(folder, "me/.ssh"), join(folder, "me/work/link"));
  homeVariable = process.env.HOME;
  process.env.HOME = join(folder, "me");
});
afterEach(() => {
  if (homeVariable === undefined) delete process.env.HOME;
  else process.env.HOME = homeVariable;
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

const plan = (path: string) => planPathGrants({ read: [path] }, join(folder, "state"), folder);

it.each([
  ["keys of the user's own", "me/.ssh"],
  ["a link to them", "me/work/link"],
  ["a way round to them", "me/work/../.ssh"],
  ["a folder of settings with keys in it", "me/.config"],
  ["somebody else's keys", "other/.ssh"],
  ["somebody else's home", "other"],
  ["somebody else's passwords", "other/.netrc"],
])("refuses to show %s", async (_, path) => {
  await expect(plan(path)).rejects.toMatchObject({
    code: "USAGE_INVALID",
    message: expect.stringMatching(/keys are kept/),
  });
});

it("refuses the home that the system knows, whatever HOME says", async () => {
  process.env.HOME = "/nonexistent";
  const { homedir } = await import("node:os").then(({ userInfo }) => userInfo());
  await expect(plan(homedir)).rejects.toMatchObject({ code: "USAGE_INVALID" });
});

it("refuses the system's passwords to a host that could read them", async () => {
  const pending = plan("/etc");
  if (process.getuid?.() === 0) await expect(pending).rejects.toMatchObject({ code: "USAGE_INVALID" });
  else await expect(pending).resolves.toHaveLength(1);
  await expect(plan("/etc/ssl/certs")).resolves.not.toHaveLength(0);
});

it("grants an ordinary folder of a home", async () => {
  expect(await plan("me/work")).toEqual([
    { source: join(folder, "me/work"), target: join(folder, "me/work"), access: "read" },
  ]);
});

it("lets nothing write where programs are looked for", async () => {
  const { PATH } = process.env;
  process.env.PATH = `${PATH}:${join(folder, "me/work")}`;
  try {
    const write = planPathGrants({ write: ["me/work"] }, join(folder, "state"), folder);
    await expect(write).rejects.toMatchObject({
      code: "USAGE_INVALID",
      message: expect.stringMatching(/PATH/),
    });
    expect(await plan("me/work")).toHaveLength(1);
  } finally {
    process.env.PATH = PATH;
  }
});
