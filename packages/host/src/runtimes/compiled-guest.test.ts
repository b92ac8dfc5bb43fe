import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compiledGuest } from "./compiled-guest.js";
import { nodeFlags } from "./node-flags.js";

const entry = createRequire(import.meta.url).resolve("@paddock/sdk/guest-entry");
const source = { node: process.execPath, flags: nodeFlags(64 * 1024 ** 2, false), entry };

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "paddock-compiled-"));
  await chmod(directory, 0o755);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const make = (changed: Partial<typeof source> = {}) =>
  compiledGuest({ ...source, ...changed }, { cacheDirectory: join(directory, "cache") });

/** The first line that a guest started so says to `initialize` with an entry that does not exist. */
async function firstAnswer(tree: string, memoryBytes: number, more: readonly string[] = []): Promise<string> {
  const args = [...nodeFlags(memoryBytes, false), ...more, join(tree, "guest-entry.cjs")];
  const child = spawn(process.execPath, args, { env: {}, stdio: ["ignore", "ignore", "ignore", "pipe"] });
  // Safe: descriptor 3 was asked for as a pipe, which Node makes a two-way socket.
  const channel = child.stdio[3] as Duplex;
  const params = {
    protocol: { min: 1, max: 1 },
    entry: "/nowhere.mjs",
    config: {},
    limits: {},
    permissions: {},
  };
  channel.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params })}\n`);
  const [answer] = await once(channel, "data");
  channel.end();
  await once(child, "close");
  return String(answer);
}

describe("compiledGuest()", () => {
  it("makes a directory that every user can read, once", async () => {
    const tree = await make();
    expect((await readdir(tree ?? "")).sort()).toEqual([
      "guest-body.cache",
      "guest-body.js",
      "guest-entry.cjs",
    ]);
    expect(await make()).toBe(tree);
    expect(await readdir(join(directory, "cache", "trees"))).toHaveLength(1);
  });

  it.each([32, 512])(
    "serves guests of %s MB of memory, and imports what the host names",
    async (megabytes) => {
      const answer = await firstAnswer((await make()) ?? "", megabytes * 1024 ** 2);
      expect(JSON.parse(answer)).toMatchObject({
        id: 1,
        error: { message: expect.stringContaining("/nowhere.mjs") },
      });
    },
  );

  it("serves guests as well when V8 cannot use what was compiled", async () => {
    const tree = (await make()) ?? "";
    await chmod(join(tree, "guest-body.cache"), 0o644);
    await truncate(join(tree, "guest-body.cache"), 100);
    expect(await firstAnswer(tree, 64 * 1024 ** 2)).toContain("/nowhere.mjs");
    await writeFile(join(tree, "guest-body.cache"), "");
    expect(await firstAnswer(tree, 64 * 1024 ** 2)).toContain("/nowhere.mjs");
  });

  it("is undefined for another guest entry, for an interpreter that fails, and without a place", async () => {
    const other = join(directory, "guest-entry.mjs");
    await writeFile(other, "");
    expect(await make({ entry: other })).toBeUndefined();
    expect(await make({ node: "/bin/false" })).toBeUndefined();
    expect(await make({ node: join(directory, "none") })).toBeUndefined();
    await rm(join(directory, "cache"), { recursive: true, force: true });
    await writeFile(join(directory, "cache"), "not a directory");
    expect(await make()).toBeUndefined();
  });
});
