import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { refuse } from "../../../native/refusing-filter.js";
import {
  eventually,
  hostStubPath,
  openFiles,
  runLaunchStub,
  whileReady,
} from "../../../native/run-launch-stub.js";
import { encodeStubInstructions, type StubInstruction } from "./stub-instructions.js";

const EINVAL = 22;
const IOCTL = process.arch === "arm64" ? 29 : 16;
const LOOP_CONFIGURE = 0x4c0a;
const isRoot = process.getuid?.() === 0;

const folder = mkdtempSync(join(tmpdir(), "launch-stub-image-"));
const at = (name: string) => join(folder, name);
const sh = (script: string): StubInstruction => ({
  kind: "execute",
  path: "/bin/sh",
  argv: ["sh", "-c", script],
});
const run = (list: readonly StubInstruction[], descriptors: readonly number[] = []) =>
  runLaunchStub(encodeStubInstructions(list), { descriptors });

mkdirSync(at("image"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

if (isRoot) {
  describe("an ext4 image", () => {
    it("mounts an ext4 image that nobody can mount twice, and that detaches with its last user", async () => {
      const image = makeImage("data.ext4");
      const mountIt: StubInstruction = {
        kind: "ext4Image",
        image,
        target: at("image"),
        options: "errors=remount-ro",
      };
      const list = [{ kind: "privateMounts" }, mountIt, { kind: "ready" }, sh("true")] as const;
      const [mounts, open, second] = await whileReady(
        encodeStubInstructions(list),
        async (pid) =>
          [
            readFileSync(`/proc/${pid}/mountinfo`, "utf8"),
            openFiles(pid),
            await run([{ kind: "privateMounts" }, mountIt, sh("true")]),
          ] as const,
      );
      expect(mounts).toMatch(
        new RegExp(
          `${at("image")} rw,nosuid,nodev,noexec,relatime - ext4 /dev/loop\\d+ rw,errors=remount-ro`,
        ),
      );
      // The lock lives in the loop device: no descriptor of the raw image is left for a guest to inherit.
      expect(open).not.toContain(image);
      expect(second).toMatchObject({ exitCode: 125, report: "failed 1 11\n" });
      await eventually(async () =>
        expect(await run([{ kind: "privateMounts" }, mountIt, sh("true")])).toMatchObject({ exitCode: 0 }),
      );
      await eventually(async () => expect(execFileSync("losetup", ["-j", image]).toString()).toBe(""));
    });

    it("mounts an ext4 image on kernels without LOOP_CONFIGURE too", async () => {
      const list = at("old-kernel-list");
      const image = makeImage("old.ext4");
      const mountIt: StubInstruction = { kind: "ext4Image", image, target: at("image"), options: "" };
      const script = `grep -c ' ${at("image")} rw,nosuid,nodev,noexec' /proc/self/mountinfo; losetup -j ${image} -nO AUTOCLEAR`;
      writeFileSync(list, encodeStubInstructions([{ kind: "privateMounts" }, mountIt, sh(script)]));
      const descriptor = openSync(list, "r");
      const { output } = await run(
        [
          { kind: "seccomp", program: refuse(IOCTL, EINVAL, LOOP_CONFIGURE) },
          { kind: "execute", path: hostStubPath, argv: ["launch-stub", "5", "3"] },
        ],
        [descriptor],
      );
      closeSync(descriptor);
      expect(output.split(/\s+/)).toEqual(["1", "1", ""]);
      await eventually(() => expect(execFileSync("losetup", ["-j", image]).toString()).toBe(""));
    });

    it("leaves no device behind when the image holds no file system", async () => {
      writeFileSync(at("empty.ext4"), Buffer.alloc(1 << 20));
      const mountIt: StubInstruction = {
        kind: "ext4Image",
        image: at("empty.ext4"),
        target: at("image"),
        options: "",
      };
      expect(await run([{ kind: "privateMounts" }, mountIt, sh("true")])).toMatchObject({
        exitCode: 125,
        report: "failed 1 22\n",
      });
      await eventually(async () =>
        expect(execFileSync("losetup", ["-j", at("empty.ext4")]).toString()).toBe(""),
      );
    });
  });
} else {
  describe("an ext4 image, for an ordinary user", () => {
    it("cannot be mounted: there is no loop device to have", async () => {
      const mountIt: StubInstruction = {
        kind: "ext4Image",
        image: makeImage("data.ext4"),
        target: at("image"),
        options: "",
      };
      const { exitCode, report } = await run([mountIt, sh("true")]);
      expect({ exitCode, report }).toEqual({
        exitCode: 125,
        report: expect.stringMatching(/^failed 0 (1|2|13)\n$/),
      });
    });
  });
}

function makeImage(name: string): string {
  writeFileSync(at(name), "");
  truncateSync(at(name), 8 << 20);
  execFileSync("mke2fs", ["-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0", at(name)]);
  return at(name);
}
