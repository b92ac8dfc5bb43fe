import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, openArena } from "./arena.js";

const MB = 1024 ** 2;
const QUOTA_BYTES = 4 * MB;
/** What an ordinary user's watch may let through before it bites. */
const OVERRUN_BYTES = 48 * MB;
const ENTRIES = 1_000;

/** On the host's disk; by a tool that needs no path to the deepest folder, after opening what was locked. */
function bytesBelow(directory: string): number {
  execFileSync("chmod", ["-R", "u+rwX", directory]);
  return Number(execFileSync("du", ["-s", "-B1", directory], { encoding: "utf8" }).split("\t")[0]);
}

describe.each([
  { guards: true, stands: "with guards" },
  { guards: false, stands: "behind the kernel's walls alone" },
])("The disk, $stands", ({ guards }) => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena({ interpreter: { guards } });
  });
  afterAll(async () => arena?.close());

  /** The files of one plugin and tenant: an image of fixed size for root, a watched folder for others. */
  function expectWithinQuota(plugin: string, tenant: string): void {
    const isKernel = process.getuid?.() === 0;
    const usedBytes = bytesBelow(join(arena.home, "data/attacker", plugin, `tenant-${tenant}`));
    expect(usedBytes).toBeLessThan(QUOTA_BYTES + MB + (isKernel ? 0 : OVERRUN_BYTES));
  }

  test.each(["/data", "/plugin/data", "/tmp"])("fills-disk stops at the quota of %s", async (folder) => {
    const tenant = folder.replaceAll("/", "x").slice(1);
    const outcome = await arena.attack("fills-disk", { folder }, { tenant });
    expect(outcome).toMatchObject({ kind: "refused", code: "DISK_LIMIT" });
    expectWithinQuota("fills-disk", tenant);
    await arena.assertUnharmed();
  });

  test.each([
    { folder: "/data", way: "empty" },
    { folder: "/data", way: "folders" },
    { folder: "/data", way: "links" },
    { folder: "/tmp", way: "empty" },
    { folder: "/tmp", way: "folders" },
    { folder: "/tmp", way: "links" },
  ])("makes-many-files stops at the number of entries: $way in $folder", async ({ folder, way }) => {
    const tenant = `${folder.slice(1)}-${way}`;
    const outcome = await arena.attack("makes-many-files", { folder, way, count: ENTRIES }, { tenant });
    // Newer versions of Node refuse every link by their own permissions.
    const code = guards && way === "links" ? /^(PLUGIN_BUG|DISK_LIMIT)$/ : /^DISK_LIMIT$/;
    // Where the host watches, a plugin may be done between two looks.
    const isWatched = process.getuid?.() !== 0 && folder === "/data";
    if (!isWatched || outcome.kind === "refused") {
      expect(outcome).toMatchObject({ kind: "refused", code: expect.stringMatching(code) });
    }
    await arena.assertUnharmed();
  });

  test("makes-many-files fills no more than the quota with names alone", async () => {
    const payload = { folder: "/data", way: "names", count: 60_000 };
    const outcome = await arena.attack("makes-many-files", payload, { tenant: "names" });
    expect(outcome).toMatchObject({ kind: "refused" });
    expectWithinQuota("makes-many-files", "names");
    await arena.assertUnharmed();
  });

  test.each(["truncate", "seek"])("writes-sparse-files cannot pretend: %s", async (way) => {
    for (const folder of ["/data", "/tmp"]) {
      const outcome = await arena.attack("writes-sparse-files", { folder, way });
      expect(outcome).toMatchObject({
        kind: "refused",
        message: expect.stringMatching(/EFBIG|ENOSPC|EINVAL/),
      });
    }
    await arena.assertUnharmed();
  });

  test("hides-files gains nothing by a crowd of files that takes long to measure", async () => {
    const crowded = await openArena({ interpreter: { guards }, limits: { inodes: 10_000, disk: "40MB" } });
    const payload = { way: "crowd", megabytes: 400, pauseMs: 0 };
    const outcome = await crowded.attack("hides-files", payload, { tenant: "crowd" });
    expect(outcome).toMatchObject({ kind: "refused", code: "DISK_LIMIT" });
    const usedBytes = bytesBelow(join(crowded.home, "data/attacker/hides-files/tenant-crowd"));
    // A watch still lets through what is written while it looks at nine thousand files once.
    expect(usedBytes).toBeLessThan(process.getuid?.() === 0 ? 45 * MB : 300 * MB);
    await crowded.assertUnharmed();
    await crowded.close();
  });

  // Whether the kernel holds the quota or a watch does: files that no walk over the folder finds count too.
  test.each(["unlinked", "nameless", "locked", "deep"])("hides-files is found out: %s", async (way) => {
    const payload = { way, megabytes: 40, pauseMs: 25 };
    const outcome = await arena.attack("hides-files", payload, { tenant: way });
    // Node's own permissions do not follow a change of the working directory, so a guard may stop the deep one first.
    const codes = guards && way === "deep" ? ["PLUGIN_BUG", "DISK_LIMIT"] : ["DISK_LIMIT"];
    expect(outcome).toMatchObject({ kind: "refused" });
    expect(codes).toContain(outcome.kind === "refused" ? outcome.code : "");
    expectWithinQuota("hides-files", way);
    await arena.assertUnharmed();
  });
});
