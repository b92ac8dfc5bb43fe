import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { isolate, isPaddockError } from "@paddock/host";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeTemporaryHome, type TemporaryHome } from "../plugins/host-behaviours/temporary-home.js";
import { openRawGuests, type RawGuests } from "./raw-guest.js";

const ATTEMPTS = 100;

let home: TemporaryHome;
let raw: RawGuests;
let folder = "";
let homeVariable: string | undefined;
beforeEach(async () => {
  home = await makeTemporaryHome();
  raw = await openRawGuests();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "swapped-")));
  mkdirSync(join(folder, "shared/x"), { recursive: true });
  writeFileSync(join(folder, "shared/x/id"), "harmless");
  mkdirSync(join(folder, "me/.ssh"), { recursive: true });
  writeFileSync(join(folder, "me/.ssh/id"), "the key");
  homeVariable = process.env.HOME;
  process.env.HOME = join(folder, "me");
});
afterEach(async () => {
  if (homeVariable === undefined) delete process.env.HOME;
  else process.env.HOME = homeVariable;
  await raw.close();
  await home.remove();
  rmSync(folder, { recursive: true });
});

test("A program that exchanges a folder for a link never leads the next one's grant to keys", async () => {
  // It may write to the folder above; the link that it makes leads nowhere for itself.
  const pause = "select(undef, undef, undef, 0.006 * rand)";
  const script = `chdir "${folder}/shared"; symlink("${folder}/me/.ssh", "link"); $| = 1; print "ready";
    while (1) { rename("x", "y"); rename("link", "x"); ${pause}; rename("x", "link"); rename("y", "x"); ${pause}; }`;
  const options = { home: home.path, write: [join(folder, "shared")], pids: 2 };
  const attacker = await isolate(["perl", "-e", script], options);
  attacker.stderr.resume();
  await once(attacker.stdout, "data");
  const seen = new Set<string>();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) seen.add(await show(join(folder, "shared/x")));
  attacker.kill("SIGKILL");
  await attacker.result;
  expect(seen).toContain("harmless");
  expect(seen).not.toContain("the key");
});

/** What a program that may read the folder finds in its file, or why there is none. */
async function show(granted: string): Promise<string> {
  try {
    const program = await isolate(["cat", join(granted, "id")], {
      home: home.path,
      read: [granted],
      stdin: "",
    });
    const [out] = await Promise.all([text(program.stdout), text(program.stderr), program.result]);
    return out;
  } catch (error) {
    if (isPaddockError(error)) return error.code;
    throw error;
  }
}

test.each([
  ["at its end", "link"],
  ["on the way", "way/.ssh"],
])("A link %s of a grant that was decided about is not followed", async (_, path) => {
  symlinkSync(join(folder, "me/.ssh"), join(folder, "link"));
  symlinkSync(join(folder, "me"), join(folder, "way"));
  const mounts = [{ source: join(folder, path), target: "/granted", access: "read" as const }];
  await expect(raw.run("", { mounts })).rejects.toMatchObject({ code: "FILE_REFUSED" });
});
