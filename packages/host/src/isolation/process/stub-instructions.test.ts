import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RLIMIT_RESOURCES } from "./rlimit-resources.js";
import {
  encodeStubInstructions,
  MAX_STUB_ARGUMENTS,
  MAX_STUB_LIST_BYTES,
  STUB_FAILED_EXIT,
  STUB_NOT_RELEASED_EXIT,
  STUB_OPERATIONS,
  type StubInstruction,
} from "./stub-instructions.js";

const end: StubInstruction = { kind: "execute", path: "/p", argv: ["p"] };

const samples: readonly (readonly [StubInstruction, readonly string[]])[] = [
  [{ kind: "privateMounts" }, []],
  [{ kind: "bindMount", source: "/a", target: "/b", flags: ["ro", "noexec"] }, ["/a", "/b", "ro,noexec"]],
  [
    { kind: "ext4Image", image: "/i", target: "/t", options: "errors=remount-ro" },
    ["/i", "/t", "errors=remount-ro"],
  ],
  [
    { kind: "tmpfs", target: "/tmp", sizeBytes: 4096, inodes: 16, mode: 0o700, uid: 1000, gid: 1001 },
    ["/tmp", "size=4096,nr_inodes=16,mode=700,uid=1000,gid=1001"],
  ],
  [{ kind: "remount", target: "/", flags: [] }, ["/", ""]],
  [{ kind: "rlimit", resource: "nproc", soft: 0, hard: "unlimited" }, ["6", "0", "unlimited"]],
  [{ kind: "identity", uid: 0xffff_fffe, gid: 7 }, ["4294967294", "7"]],
  [{ kind: "closeFrom", descriptor: 4 }, ["4"]],
  [{ kind: "makeDirectory", path: "/d", mode: 0o700, uid: 5, gid: 6 }, ["/d", "700", "5", "6"]],
  [{ kind: "moveMount", source: "/a", target: "/b" }, ["/a", "/b"]],
  [{ kind: "joinMounts", path: "/proc/7/ns/mnt" }, ["/proc/7/ns/mnt"]],
  [
    {
      kind: "bindMapped",
      source: "/a",
      target: "/b",
      flags: ["ro"],
      owner: { uid: 1, gid: 2 },
      uid: 3,
      gid: 4,
    },
    ["/a", "/b", "ro", "1", "2", "3", "4"],
  ],
  [{ kind: "umask", mask: 0o77 }, ["77"]],
  [{ kind: "environment", variables: { A: "1=2", B: "" } }, ["A=1=2", "B="]],
];

describe("encodeStubInstructions()", () => {
  it("writes magic, count, and each argument with its length and a NUL", () => {
    const list = encodeStubInstructions([{ kind: "chdir", path: "/é" }, end]);
    const chdir = "10 0100 03000000 2fc3a9 00";
    const execute = "14 0200 02000000 2f70 00 01000000 70 00";
    expect(list.toString("hex")).toBe(`50444b32 02000000 ${chdir} ${execute}`.replaceAll(" ", ""));
  });

  it.each(samples)("writes the arguments of %o", (instruction, expected) => {
    expect(decode(encodeStubInstructions([instruction, end]))[0]).toEqual({
      operation: STUB_OPERATIONS[instruction.kind],
      texts: expected,
    });
  });

  it("gives every text back unchanged", () => {
    const text = fc.string({ unit: "grapheme" }).filter((value) => !value.includes("\0"));
    const instruction = fc.oneof(
      fc.record({ kind: fc.constant("writeFile" as const), path: text, text }),
      fc.record({ kind: fc.constant("unmount" as const), target: text }),
      fc.record({ kind: fc.constant("ready" as const) }),
    );
    fc.assert(
      fc.property(fc.array(instruction), text, fc.array(text, { maxLength: 300 }), (list, path, argv) => {
        const decoded = decode(encodeStubInstructions([...list, { kind: "execute", path, argv }]));
        expect(decoded.at(-1)).toEqual({ operation: STUB_OPERATIONS.execute, texts: [path, ...argv] });
        expect(decoded.slice(0, -1).map(({ texts }) => texts)).toEqual(
          list.map(({ kind, ...values }) => Object.values(values)),
        );
      }),
    );
  });

  it.each([
    ["an empty list", []],
    ["a list that ends without a program", [{ kind: "ready" }]],
    ["a second program", [end, end]],
    ["a path with a NUL", [{ kind: "chdir", path: "/a\0b" }, end]],
    ["a variable without a name", [{ kind: "environment", variables: { "": "x" } }, end]],
    ["a variable whose name holds another one", [{ kind: "environment", variables: { "A=B": "x" } }, end]],
    ["the id that setresuid ignores", [{ kind: "identity", uid: 0xffff_ffff, gid: 0 }, end]],
    ["a negative id", [{ kind: "identity", uid: -1, gid: 0 }, end]],
    ["a limit that is no number", [{ kind: "rlimit", resource: "cpu", soft: Number.NaN, hard: 1 }, end]],
    [
      "a tmpfs of size 0, which would have no limit",
      [{ kind: "tmpfs", target: "/t", sizeBytes: 0, inodes: 1, mode: 0, uid: 0, gid: 0 }, end],
    ],
    ["a cut filter", [{ kind: "seccomp", program: new Uint8Array(9) }, end]],
    ["too many filters", [{ kind: "seccomp", program: new Uint8Array(8 * 4097) }, end]],
    ["too many arguments", [{ kind: "execute", path: "/p", argv: Array(MAX_STUB_ARGUMENTS).fill("a") }]],
    ["a list over the limit", [{ kind: "chdir", path: "a".repeat(MAX_STUB_LIST_BYTES) }, end]],
  ] satisfies readonly (readonly [string, readonly StubInstruction[]])[])("refuses %s", (_name, list) => {
    expect(() => encodeStubInstructions(list)).toThrow(/^Cannot encode stub instructions: /);
  });
});

describe("the stub's source", () => {
  const source = ["instruction-list.h", "report.h"].map(readNative).join("\n");

  it("numbers the operations as the encoder does", () => {
    const enumerators = [...source.matchAll(/^ {2}(OP_\w+) = (\d+),$/gm)].map(([, name, value]) => [
      name,
      Number(value),
    ]);
    const expected = Object.entries(STUB_OPERATIONS).map(([kind, value]) => [
      `OP_${kind.replace(/[A-Z]/g, "_$&").replace("ext4", "EXT4").toUpperCase()}`,
      value,
    ]);
    expect(enumerators).toEqual(expected);
  });

  it("gives every operation the shape of its arguments", () => {
    const shaped = [...source.matchAll(/\[(OP_\w+)\] = "/g)].map(([, name]) => name);
    expect(shaped).toHaveLength(Object.keys(STUB_OPERATIONS).length);
  });

  it.each([
    ["ARGUMENTS", MAX_STUB_ARGUMENTS],
    ["EXIT_FAILED", STUB_FAILED_EXIT],
    ["EXIT_NOT_RELEASED", STUB_NOT_RELEASED_EXIT],
  ])("agrees on %s", (name, value) => {
    expect(source).toMatch(new RegExp(`^#define ${name} ${value}$`, "m"));
  });

  it("reads lists as long as the encoder writes them", () => {
    expect(source).toContain(`#define LIST_BYTES (${MAX_STUB_LIST_BYTES / 1024} * 1024)`);
  });
});

describe("RLIMIT_RESOURCES", () => {
  it("names no number twice", () => {
    expect(new Set(Object.values(RLIMIT_RESOURCES)).size).toBe(Object.keys(RLIMIT_RESOURCES).length);
  });
});

function readNative(name: string): string {
  return readFileSync(new URL(`../../../native/${name}`, import.meta.url), "utf8");
}

function decode(list: Buffer): { operation: number; texts: string[] }[] {
  const decoded = [];
  let at = 8;
  for (let left = list.readUInt32LE(4); left > 0; left--) {
    const operation = list.readUInt8(at);
    const texts: string[] = [];
    let remaining = list.readUInt16LE(at + 1);
    at += 3;
    for (; remaining > 0; remaining--) {
      const length = list.readUInt32LE(at);
      texts.push(list.toString("utf8", at + 4, at + 4 + length));
      expect(list[at + 4 + length]).toBe(0);
      at += length + 5;
    }
    decoded.push({ operation, texts });
  }
  expect(at).toBe(list.length);
  return decoded;
}
