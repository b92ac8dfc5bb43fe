import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refuse } from "../../../native/refusing-filter.js";
import {
  eventually,
  hostStubPath,
  openFiles,
  runLaunchStub,
  whileReady,
} from "../../../native/run-launch-stub.js";
import { encodeStubInstructions, type StubInstruction } from "./stub-instructions.js";

const GUEST_ID = 60_001;
const O_PATH = 0o10000000;
const EPERM = 1;
const EINVAL = 22;
const IOCTL = process.arch === "arm64" ? 29 : 16;
const LOOP_CONFIGURE = 0x4c0a;
const isRoot = process.getuid?.() === 0;

const folder = mkdtempSync(join(tmpdir(), "launch-stub-outer-"));
const at = (...names: string[]) => join(folder, ...names);
const sh = (script: string): StubInstruction => ({
  kind: "execute",
  path: "/bin/sh",
  argv: ["sh", "-c", script],
});
const run = (list: readonly StubInstruction[], descriptors: readonly number[] = []) =>
  runLaunchStub(encodeStubInstructions(list), { descriptors });

beforeAll(() => {
  chmodSync(folder, 0o755);
  for (const name of ["source", "target", "image", "tmp"]) mkdirSync(at(name));
  writeFileSync(at("source", "x"), "hello");
});
const descriptorsToClose: number[] = [];
afterAll(() => {
  for (const descriptor of descriptorsToClose) closeSync(descriptor);
  rmSync(folder, { recursive: true, force: true });
});

if (isRoot) {
  describe("root", () => {
    const flags = ["ro", "nosuid", "nodev", "noexec"] as const;

    it("mounts in a namespace of its own, with exactly the flags asked for", async () => {
      const { output, report } = await run([
        { kind: "privateMounts" },
        { kind: "bindMount", source: at("source"), target: at("target"), flags },
        {
          kind: "tmpfs",
          target: at("tmp"),
          sizeBytes: 1 << 20,
          inodes: 8,
          mode: 0o700,
          uid: GUEST_ID,
          gid: GUEST_ID,
        },
        { kind: "remount", target: at("tmp"), flags: ["ro", "noexec"] },
        sh(`cat ${at("target", "x")}; stat -c ' %u %a' ${at("tmp")}; grep ${folder} /proc/self/mountinfo`),
      ]);
      expect(report).toBe("");
      expect(output).toMatch(/^hello 60001 700\n/);
      expect(output).toMatch(new RegExp(`${at("target")} ro,nosuid,nodev,noexec,relatime - `));
      expect(output).toMatch(
        new RegExp(`${at("tmp")} ro,noexec,relatime - tmpfs tmpfs rw,size=1024k,nr_inodes=8,mode=700,`),
      );
      expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(folder);
    });

    it("builds a place of binds and moves it where another user reaches it", async () => {
      const build = at("private", "build");
      mkdirSync(build, { recursive: true, mode: 0o700 });
      const { output, report } = await run([
        { kind: "privateMounts" },
        { kind: "tmpfs", target: build, sizeBytes: 1 << 20, inodes: 64, mode: 0o755, uid: 0, gid: 0 },
        { kind: "bindMount", source: at("source"), target: join(build, "folder"), flags },
        { kind: "bindMount", source: at("source", "x"), target: join(build, "file"), flags },
        { kind: "makeDirectory", path: join(build, "own"), mode: 0o700, uid: GUEST_ID, gid: GUEST_ID },
        { kind: "makeDirectory", path: join(build, "own"), mode: 0o750, uid: GUEST_ID, gid: GUEST_ID },
        { kind: "moveMount", source: build, target: at("tmp") },
        { kind: "identity", uid: GUEST_ID, gid: GUEST_ID },
        { kind: "chdir", path: at("tmp") },
        sh("cat folder/x file; stat -c ' %u %a' own; : >own/mine && ls own; : >file"),
      ]);
      expect(report).toBe("");
      expect(output).toMatch(/^hellohello 60001 750\nmine\n.*Read-only file system/s);
    });

    it("makes no directory where a link stands", async () => {
      symlinkSync("/etc", at("link"));
      const directory = {
        kind: "makeDirectory",
        path: at("link"),
        mode: 0o777,
        uid: GUEST_ID,
        gid: GUEST_ID,
      } as const;
      expect(await run([directory, sh("true")])).toMatchObject({ exitCode: 125, report: "failed 0 20\n" });
    });

    it("takes a mount away again", async () => {
      const { output } = await run([
        { kind: "privateMounts" },
        { kind: "bindMount", source: at("source"), target: at("target"), flags },
        { kind: "unmount", target: at("target") },
        sh(`ls ${at("target")}`),
      ]);
      expect(output).toBe("");
    });

    it("binds the file that a descriptor pins, wherever it has been moved", async () => {
      mkdirSync(at("parent", "grant"), { recursive: true });
      writeFileSync(at("parent", "grant", "x"), "granted");
      const pinned = openSync(at("parent", "grant"), O_PATH | constants.O_DIRECTORY);
      renameSync(at("parent", "grant"), at("parent", "moved"));
      symlinkSync("/etc", at("parent", "grant"));
      descriptorsToClose.push(pinned);
      const bind = { kind: "bindMount", source: "/proc/self/fd/5", target: at("target"), flags } as const;
      const list = [{ kind: "privateMounts" }, bind, sh(`cat ${at("target", "x")}`)] as const;
      expect(await run(list, [pinned])).toMatchObject({ output: "granted", report: "" });

      rmSync(at("parent", "moved", "x"));
      rmdirSync(at("parent", "moved"));
      expect(await run(list, [pinned])).toMatchObject({ exitCode: 125, report: "failed 1 2\n" });
    });

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
      descriptorsToClose.push(descriptor);
      const { output } = await run(
        [
          { kind: "seccomp", program: refuse(IOCTL, EINVAL, LOOP_CONFIGURE) },
          { kind: "execute", path: hostStubPath, argv: ["launch-stub", "5", "3"] },
        ],
        [descriptor],
      );
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

    it("becomes another user for good, without groups or capabilities", async () => {
      const { output } = await run([
        { kind: "identity", uid: GUEST_ID, gid: GUEST_ID + 1 },
        sh("grep -E '^(Uid|Gid|Groups|Cap...):' /proc/self/status"),
      ]);
      expect(
        output
          .replace(/[\t ]+/g, " ")
          .split("\n")
          .slice(0, 6),
      ).toEqual([
        "Uid: 60001 60001 60001 60001",
        "Gid: 60002 60002 60002 60002",
        "Groups: ",
        "CapInh: 0000000000000000",
        "CapPrm: 0000000000000000",
        "CapEff: 0000000000000000",
      ]);
    });

    it("drops every capability so that even root's programs get none", async () => {
      const { output } = await run([
        { kind: "dropCapabilities" },
        sh("id -u; grep -E '^Cap' /proc/self/status"),
      ]);
      expect(output).toMatch(/^0\n(Cap...:\t0{16}\n){5}$/);
    });
  });
} else {
  describe("an ordinary user", () => {
    it.each<StubInstruction>([
      { kind: "privateMounts" },
      { kind: "sealMounts" },
      { kind: "bindMount", source: "/usr", target: "/tmp", flags: [] },
      { kind: "tmpfs", target: "/tmp", sizeBytes: 4096, inodes: 4, mode: 0o700, uid: 0, gid: 0 },
      { kind: "remount", target: "/", flags: [] },
      { kind: "unmount", target: "/proc" },
      { kind: "identity", uid: GUEST_ID, gid: GUEST_ID },
      { kind: "dropCapabilities" },
    ])("may not do what needs root: $kind", async (instruction) => {
      expect(await run([instruction, sh("true")])).toMatchObject({
        exitCode: 125,
        report: `failed 0 ${EPERM}\n`,
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
