import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { encodeStubInstructions, type StubInstruction } from "../src/isolation/process/stub-instructions.js";
import { REPORT_DESCRIPTOR, runLaunchStub, startLaunchStub } from "./run-launch-stub.js";

const EPROTO = 71;

/** What holds for the stub on every architecture and for every user; `command` runs it, natively or emulated. */
export function describeProtocol(command: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), "launch-stub-"));
  const witness = join(folder, "witness");
  const ran = join(folder, "ran");
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const touchRan: StubInstruction = { kind: "execute", path: "/bin/sh", argv: ["sh", "-c", `: >${ran}`] };
  const program = (script: string): StubInstruction => ({
    kind: "execute",
    path: "/bin/sh",
    argv: ["sh", "-c", script],
  });
  const run = (list: readonly StubInstruction[], answer?: string | null) =>
    runLaunchStub(encodeStubInstructions(list), { command, ...(answer === undefined ? {} : { answer }) });

  describe("the program", () => {
    it("gets exactly the arguments and the environment of the list", async () => {
      const environment: StubInstruction = { kind: "environment", variables: { A: "b c", EMPTY: "" } };
      const argv = ["env", "-0"];
      const { exitCode, output } = await run([environment, { kind: "execute", path: "/usr/bin/env", argv }]);
      expect({ exitCode, output }).toEqual({ exitCode: 0, output: "A=b c\0EMPTY=\0" });
    });

    it("has an empty environment unless the list says otherwise", async () => {
      const { output } = await run([{ kind: "execute", path: "/usr/bin/env", argv: ["env"] }]);
      expect(output).toBe("");
    });

    it("starts in the directory and with the mask and limits of the list", async () => {
      const { output } = await run([
        { kind: "chdir", path: "/usr" },
        { kind: "umask", mask: 0o27 },
        { kind: "rlimit", resource: "nofile", soft: 32, hard: 64 },
        { kind: "rlimit", resource: "core", soft: 0, hard: 0 },
        program("pwd; umask; ulimit -Sn; ulimit -Hn; ulimit -c"),
      ]);
      expect(output.split("\n")).toEqual(["/usr", "0027", "32", "64", "0", ""]);
    });
  });

  describe("the first process", () => {
    it.each([
      ["exit 7", 7],
      ["kill -TERM $$", 143],
      ["(sleep 0.1; exit 9) & exit 3", 3],
    ])("ends as the program does: %s", async (script, status) => {
      const { exitCode } = await run([{ kind: "forkInit" }, { kind: "ready" }, program(script)]);
      expect(exitCode).toBe(status);
    });

    it("fails when the program cannot be executed, and holds no stream open", async () => {
      const missing: StubInstruction = { kind: "execute", path: "/none", argv: ["none"] };
      const result = await run([{ kind: "forkInit" }, { kind: "ready" }, missing]);
      expect(result).toMatchObject({ exitCode: 125, report: "ready\nfailed 2 2\n" });
    });
  });

  describe("the gate", () => {
    it("stays behind when it is closed at execute", async () => {
      const script = `true <&${REPORT_DESCRIPTOR} && echo open || echo closed`;
      const { output } = await run([
        { kind: "closeAtExecute" },
        { kind: "ready" },
        program(`(${script}) 2>&1`),
      ]);
      expect(output).toMatch(/closed$/m);
    });

    it("holds the program until the release byte and leaves what follows it to the program", async () => {
      const { exitCode, output } = await run(
        [{ kind: "ready" }, program(`head -c 4 <&${REPORT_DESCRIPTOR}`)],
        "Grest",
      );
      expect({ exitCode, output }).toEqual({ exitCode: 0, output: "rest" });
    });

    it.each([
      ["end of file", null],
      ["another byte", "X"],
    ])("exits 126 on %s, without the program", async (_name, answer) => {
      const result = await run([{ kind: "ready" }, touchRan], answer);
      expect(result).toMatchObject({ exitCode: 126, report: "ready\n" });
      expect(existsSync(ran)).toBe(false);
    });
  });

  describe("a failing instruction", () => {
    it.each<[string, StubInstruction, number]>([
      ["a directory that is not there", { kind: "chdir", path: "/none" }, 2],
      ["a file that is not there", { kind: "writeFile", path: "/none/x", text: "1" }, 2],
      ["a soft limit above the hard one", { kind: "rlimit", resource: "nofile", soft: 2, hard: 1 }, 22],
      ["a parent that has gone", { kind: "dieWithParent", parentPid: 1 }, 3],
    ])("reports its index and errno: %s", async (_name, instruction, errno) => {
      const result = await run([{ kind: "umask", mask: 0o77 }, instruction, touchRan]);
      expect(result).toMatchObject({ exitCode: 125, report: `failed 1 ${errno}\n` });
      expect(existsSync(ran)).toBe(false);
    });

    it("reports a program that cannot be executed", async () => {
      const result = await run([{ kind: "ready" }, { kind: "execute", path: "/none", argv: ["none"] }]);
      expect(result).toMatchObject({ exitCode: 125, report: "ready\nfailed 1 2\n" });
    });
  });

  describe("a list that is not entirely right is refused before anything of it happens", () => {
    const writeWitness: StubInstruction = { kind: "writeFile", path: witness, text: "written" };
    const good = encodeStubInstructions([writeWitness, touchRan]);
    const expectRefused = async (list: Uint8Array) => {
      writeFileSync(witness, "untouched");
      const { exitCode, report } = await runLaunchStub(list, { command });
      expect({ exitCode, report }).toEqual({
        exitCode: 125,
        report: expect.stringMatching(`^failed \\d+ ${EPROTO}\n$`),
      });
      expect(readFileSync(witness, "utf8")).toBe("untouched");
      expect(existsSync(ran)).toBe(false);
    };

    it("cut off after any byte", async () => {
      for (let length = 0; length < good.length; length++) await expectRefused(good.subarray(0, length));
    });

    it.each<[string, Uint8Array]>([
      ["with a byte too many", Buffer.concat([good, Buffer.of(0)])],
      ["with another magic", Buffer.concat([Buffer.from("PDK1"), good.subarray(4)])],
      ["with more instructions announced than sent", patched(good, 4, [3, 0, 0, 0])],
      ["with fewer instructions announced than sent", patched(good, 4, [1, 0, 0, 0])],
      ["with no instruction", rawList()],
      ["with 4,294,967,295 instructions", patched(good, 4, [255, 255, 255, 255])],
      ["with an argument as long as the address space", patched(good, 11, [255, 255, 255, 255])],
      ["with an argument that ends just beyond the list", patched(good, 11, [good.length - 15, 0, 0, 0])],
      ["with an argument that is not terminated", patched(good, 15 + witness.length, [65])],
      ["with a NUL inside an argument", patched(good, 15, [0])],
      ["longer than the buffer", Buffer.concat([good, Buffer.alloc(2100 * 1024)])],
      ["with operation 0", rawList([0])],
      ["with an unknown operation", rawList([27])],
      ["with an owner that is not a number", rawList([26, "/", "/", "ro", "x", "0", "1", "1"])],
      ["with operation 255", rawList([255])],
      ["with an argument missing", rawList([8, witness])],
      ["with an argument too many", rawList([8, witness, "x", "y"])],
      ["with a program that has no name", rawList([20, "/bin/true"])],
      ["without a program", rawList([8, witness, "x"], [19])],
      ["with something after the program", rawList([20, "/bin/true", "true"], [19])],
      ["with the id that setresuid ignores", rawList([10, "4294967295", "1"])],
      ["with an id that wraps around to root", rawList([10, "4294967296", "1"])],
      ["with a number that is empty", rawList([10, "", "1"])],
      ["with a number that is negative", rawList([9, "1", "-1", "1"])],
      ["with a limit over 64 bits", rawList([9, "1", "1", "18446744073709551616"])],
      ["with an unknown mount flag", rawList([6, "/", "ro,exec"])],
      ["with a mount flag cut short", rawList([6, "/", "ro,nosui"])],
      ["with a comma after the last mount flag", rawList([6, "/", "ro,"])],
      ["with a mask that is not octal", rawList([17, "8"])],
      ["with the report descriptor among those to close", rawList([13, String(REPORT_DESCRIPTOR)])],
      ["with half a filter", rawList([14, "1234"])],
      ["with an empty filter", rawList([14, ""])],
      ["with too many filters", rawList([14, "12345678".repeat(4097)])],
    ])("%s", (_name, list) => expectRefused(list));
  });

  it("reads a list that arrives in pieces", async () => {
    const list = encodeStubInstructions([{ kind: "ready" }, program("echo whole")]);
    const stub = startLaunchStub(list.subarray(0, 3), { command, more: pieces(list.subarray(3), 7) });
    stub.channel.write("G");
    expect(await stub.ended).toMatchObject({ exitCode: 0, output: "whole\n" });
  });

  it.each([[[]], [["4"]], [["4", "3", "5"]], [["4", "x"]], [["3", "3"]], [["99999999999", "3"]]])(
    "exits 125 when called with %j",
    async (numbers) => {
      const result = await startLaunchStub(new Uint8Array(), { command, numbers }).ended;
      expect(result.exitCode).toBe(125);
    },
  );
}

function patched(list: Uint8Array, at: number, bytes: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(list);
  copy.set(bytes, at);
  return copy;
}

/** A list that the encoder would refuse to write, followed by a program unless it has or needs none. */
function rawList(...instructions: readonly (readonly [number, ...string[]])[]): Buffer {
  const list =
    instructions.length === 1 && instructions[0]?.[0] !== 20
      ? [...instructions, [20, "/bin/true", "true"] as const]
      : instructions;
  const parts = list.flatMap(([operation, ...texts]) => [
    Buffer.of(operation, texts.length, texts.length >>> 8),
    ...texts.flatMap((text) => [u32(Buffer.byteLength(text)), Buffer.from(text), Buffer.of(0)]),
  ]);
  return Buffer.concat([Buffer.from("PDK2"), u32(list.length), ...parts]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

async function* pieces(list: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < list.length; at += size) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield list.subarray(at, at + size);
  }
}
