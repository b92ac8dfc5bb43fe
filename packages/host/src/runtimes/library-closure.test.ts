import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readElf } from "./elf.js";
import { libraryClosure } from "./library-closure.js";

const run = promisify(execFile);
let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "paddock-elf-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("libraryClosure()", () => {
  it.each([process.execPath, "/bin/ls", "/bin/bash"])("finds what the linker finds for %s", async (path) => {
    const { interpreter } = await readElf(path);
    const closure = await libraryClosure(path);
    // Safe to execute in a test: these are this machine's own programs.
    const { stdout } = await run(interpreter ?? "", ["--list", path], { env: {} });
    const expected = [...stdout.matchAll(/^\s+(\S+) (?:=> |\()/gm)].map((match) => basename(match[1] ?? ""));
    expect(closure[0]?.target).toBe(interpreter);
    const found = closure.map((file) => basename(file.target));
    expect(found.sort()).toEqual(expected.filter((name) => !name.startsWith("linux-vdso")).sort());
  });

  it("refuses a script, which has an interpreter of another kind", async () => {
    await writeFile(join(directory, "script"), "#!/bin/sh\n");
    await expect(libraryClosure(join(directory, "script"))).rejects.toMatchObject({ code: "SETUP_FAILED" });
  });
});

describe("readElf()", () => {
  it("does not wait for a FIFO", async () => {
    await run("mkfifo", [join(directory, "fifo")]);
    await expect(readElf(join(directory, "fifo"))).rejects.toMatchObject({
      code: "SETUP_FAILED",
      message: expect.stringContaining("it is not a regular file"),
    });
  });

  it("answers every damaged file with SETUP_FAILED and never with anything else", async () => {
    const whole = await smallElf();
    const file = join(directory, "damaged");
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(whole.length), async (bytes, length) => {
        const damaged = Buffer.from(whole);
        for (const [at, value] of bytes) damaged[at] = value;
        await writeFile(file, damaged.subarray(0, length));
        const outcome = await readElf(file).catch((error: unknown) => error);
        expect(outcome).toSatisfy(
          (value: object) => !(value instanceof RangeError || value instanceof TypeError),
        );
      }),
      { numRuns: 200 },
    );
  });
});

/** A minimal file with one loaded segment, a dynamic section and two names in it. */
async function smallElf(): Promise<Buffer> {
  const file = Buffer.alloc(0x200);
  file.write("\x7fELF", "latin1");
  file[4] = 2;
  file[5] = 1;
  file.writeUInt16LE(62, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  const segment = (at: number, type: number, offset: bigint, bytes: bigint) => {
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(offset, at + 8);
    file.writeBigUInt64LE(offset, at + 16);
    file.writeBigUInt64LE(bytes, at + 32);
  };
  segment(64, 1, 0n, 0x200n);
  segment(120, 2, 0x100n, 64n);
  const tags: readonly (readonly [bigint, bigint])[] = [
    [5n, 0x180n],
    [1n, 1n],
    [29n, 9n],
    [0n, 0n],
  ];
  for (const [index, [tag, value]] of tags.entries()) {
    file.writeBigInt64LE(tag, 0x100 + index * 16);
    file.writeBigUInt64LE(value, 0x108 + index * 16);
  }
  file.write("\0libx.so\0$ORIGIN/lib:/opt\0", 0x180, "latin1");
  return file;
}

it("readElf() reads names and search directories", async () => {
  await writeFile(join(directory, "small"), await smallElf());
  expect(await readElf(join(directory, "small"))).toEqual({
    machine: "x86-64",
    interpreter: undefined,
    soname: undefined,
    needed: ["libx.so"],
    rpath: [],
    runpath: ["$ORIGIN/lib", "/opt"],
  });
});
