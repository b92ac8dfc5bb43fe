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
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runLaunchStub } from "../../../native/run-launch-stub.js";
import { encodeStubInstructions, type StubInstruction } from "./stub-instructions.js";

const GUEST_ID = 60_001;
const O_PATH = 0o10000000;
const EPERM = 1;
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
  for (const name of ["source", "target", "tmp"]) mkdirSync(at(name));
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

    it("maps a mount to whoever owns it on the disk, and nobody else", async () => {
      mkdirSync(at("owned"), { mode: 0o700 });
      writeFileSync(at("owned", "private"), "owner only", { mode: 0o600 });
      const owner = { uid: 0, gid: 0 };
      const { output } = await run([
        { kind: "privateMounts" },
        {
          kind: "bindMapped",
          source: at("owned"),
          target: at("target"),
          flags: ["nosuid", "nodev", "noexec"],
          ...{ owner, uid: GUEST_ID, gid: GUEST_ID },
        },
        { kind: "identity", uid: GUEST_ID, gid: GUEST_ID },
        sh(
          `cat ${at("target/private")}; echo new >${at("target/made")}; id -u; cat ${at("owned/private")} 2>&1`,
        ),
      ]);
      expect(output).toMatch(/^owner only60001\n.*Permission denied/);
      expect(statSync(at("owned", "made"))).toMatchObject({ uid: 0, gid: 0 });
    });

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
