import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeProtocol } from "../../../native/launch-stub-protocol.js";
import { refuse } from "../../../native/refusing-filter.js";
import {
  hostStubPath,
  launchStubPath,
  openFiles,
  runLaunchStub,
  startLaunchStub,
  whileReady,
} from "../../../native/run-launch-stub.js";
import { encodeStubInstructions, type StubInstruction } from "./stub-instructions.js";

const ENOSYS = 38;
const CLOSE_RANGE = 436;
const PT_LOAD = 1;
const PT_INTERP = 3;
const PT_GNU_STACK = 0x6474e551;
const EXECUTABLE = 1;
const WRITABLE = 2;

const sh = (script: string): StubInstruction => ({
  kind: "execute",
  path: "/bin/sh",
  argv: ["sh", "-c", script],
});

describe("the launch stub", () => describeProtocol([hostStubPath]));

describe("the process it becomes", () => {
  it("closes every descriptor from the given one upward", async () => {
    const open = await whileReady(
      encodeStubInstructions([{ kind: "closeFrom", descriptor: 4 }, { kind: "ready" }, sh("true")]),
      openFiles,
    );
    expect(open).toHaveLength(4);
  });

  it("closes them on kernels without close_range too, even when the limit is already lower", async () => {
    const folder = mkdtempSync(join(tmpdir(), "launch-stub-"));
    const secondList = join(folder, "second-list");
    writeFileSync(
      secondList,
      encodeStubInstructions([
        { kind: "rlimit", resource: "nofile", soft: 5, hard: 5 },
        { kind: "closeFrom", descriptor: 4 },
        sh("test ! -e /proc/self/fd/5 && test ! -e /proc/self/fd/7"),
      ]),
    );
    // The first stub forbids close_range and executes the second one, which then has to do without.
    const firstList = encodeStubInstructions([
      { kind: "rlimit", resource: "nofile", soft: 64, hard: 64 },
      { kind: "noNewPrivileges" },
      { kind: "seccomp", program: refuse(CLOSE_RANGE, ENOSYS) },
      { kind: "execute", path: hostStubPath, argv: ["launch-stub", "6", "3"] },
    ]);
    const descriptors = ["/dev/null", secondList, "/dev/null"].map((path) => openSync(path, "r"));
    try {
      expect(await runLaunchStub(firstList, { descriptors })).toMatchObject({ exitCode: 0, report: "" });
    } finally {
      for (const descriptor of descriptors) closeSync(descriptor);
      rmSync(folder, { recursive: true });
    }
  });

  it("ends with its parent", async () => {
    const stub = startLaunchStub(new Uint8Array(), {
      command: ["/bin/sh", "-c", `read go <&3; ${hostStubPath} "$@"; true`, "sh"],
      more: dieWithParentList(() => stub.child.pid ?? 0),
    });
    stub.channel.write("go\n");
    await new Promise((resolve) => stub.channel.once("data", resolve));
    stub.child.kill("SIGKILL");
    // Its output closes when the last process that holds it has gone: the stub, still waiting at the gate.
    expect(await stub.ended).toMatchObject({ signal: "SIGKILL" });
  });
});

describe.each(["x64", "arm64"] as const)("the committed binary for %s", (architecture) => {
  const bytes = readFileSync(launchStubPath(architecture));
  const headers = programHeaders(bytes);

  it("is the one of the manifest", () => {
    const manifest: unknown = JSON.parse(
      readFileSync(new URL("../../../native/prebuilt/manifest.json", import.meta.url), "utf8"),
    );
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(manifest).toMatchObject({
      binaries: expect.arrayContaining([
        expect.objectContaining({ path: `linux-${architecture}/launch-stub`, sha256, size: bytes.length }),
      ]),
    });
  });

  it("needs no interpreter, so nothing of the machine's libraries runs in it", () => {
    expect(headers.filter(({ type }) => type === PT_INTERP)).toEqual([]);
  });

  it("has no memory that is both writable and executable, and no executable stack", () => {
    const mapped = headers.filter(({ type }) => type === PT_LOAD || type === PT_GNU_STACK);
    expect(mapped.filter(({ flags }) => (flags & WRITABLE) !== 0 && (flags & EXECUTABLE) !== 0)).toEqual([]);
    expect(mapped.filter(({ type }) => type === PT_GNU_STACK)).toHaveLength(1);
  });
});

function programHeaders(elf: Buffer): { type: number; flags: number }[] {
  const start = Number(elf.readBigUInt64LE(32));
  const size = elf.readUInt16LE(54);
  return Array.from({ length: elf.readUInt16LE(56) }, (_, index) => ({
    type: elf.readUInt32LE(start + index * size),
    flags: elf.readUInt32LE(start + index * size + 4),
  }));
}

async function* dieWithParentList(parentPid: () => number): AsyncIterable<Uint8Array> {
  yield encodeStubInstructions([
    { kind: "dieWithParent", parentPid: parentPid() },
    { kind: "ready" },
    sh("true"),
  ]);
}
