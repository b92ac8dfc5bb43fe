import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeProtocol } from "../../../native/launch-stub-protocol.js";
import { hostStubPath, launchStubPath } from "../../../native/run-launch-stub.js";

const PT_LOAD = 1;
const PT_INTERP = 3;
const PT_GNU_STACK = 0x6474e551;
const EXECUTABLE = 1;
const WRITABLE = 2;

describe("the launch stub", () => describeProtocol([hostStubPath]));

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
