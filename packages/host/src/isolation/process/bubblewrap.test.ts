import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeArguments, findBubblewrap, MIN_BUBBLEWRAP } from "./bubblewrap.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "paddock-bubblewrap-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function script(name: string, body: string, mode = 0o755): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, mode);
  return path;
}

describe("findBubblewrap()", () => {
  it("finds the one of this machine", async () => {
    expect(await findBubblewrap()).toEqual({
      path: "/usr/bin/bwrap",
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });

  it("says where it looked when there is none", async () => {
    const found = await findBubblewrap([join(folder, "absent"), "/nowhere/bwrap"]);
    expect(found).toBe(`none of ${join(folder, "absent")}, /nowhere/bwrap exists`);
  });

  it.each([
    ["0.5.9", false],
    ["0.4.1", false],
    ["0.6.0", true],
    ["0.6.2", true],
    ["0.10.0", true],
    ["1.0.0", true],
  ])("takes version %s: %s", async (version, isTaken) => {
    const path = await script(`bwrap-${version}`, `echo "bubblewrap ${version}"`);
    expect(await findBubblewrap([path])).toEqual(
      isTaken ? { path, version } : `${path} is version ${version}, older than ${MIN_BUBBLEWRAP}`,
    );
  });

  it.each([
    ["says nothing", ":"],
    ["says something else", "echo busybox 1.2.3"],
    ["fails", "echo bubblewrap 0.8.0; exit 1"],
  ])("does not use a program that %s", async (name, body) => {
    const path = await script(`odd-${name.replaceAll(" ", "-")}`, body);
    expect(await findBubblewrap([path])).toBe(`${path} does not say its version`);
  });

  it("passes over a file that cannot be executed", async () => {
    const dull = await script("dull", "echo bubblewrap 0.8.0", 0o644);
    const good = await script("good", "echo bubblewrap 0.8.0");
    expect(await findBubblewrap([dull, good])).toEqual({ path: good, version: "0.8.0" });
  });

  it("shows it nothing of the host's environment", async () => {
    const path = await script("curious", 'test -z "$HOME$TOKEN" && echo bubblewrap 0.8.0');
    process.env.TOKEN = "secret";
    try {
      expect(await findBubblewrap([path])).toMatchObject({ path });
    } finally {
      delete process.env.TOKEN;
    }
  });
});

describe("encodeArguments()", () => {
  it("ends every argument with a NUL byte", () => {
    expect(encodeArguments(["--bind", "", "ä"])).toEqual(Buffer.from("--bind\0\0ä\0"));
  });

  it("refuses an argument that would become two", () => {
    expect(() => encodeArguments(["--ro-bind", "/a\0--bind\0/"])).toThrow("NUL");
  });

  it("is read back as the same arguments", () => {
    fc.assert(
      fc.property(fc.array(fc.string().filter((text) => !text.includes("\0"))), (args) => {
        expect(encodeArguments(args).toString().split("\0").slice(0, -1)).toEqual(args);
      }),
    );
  });
});
