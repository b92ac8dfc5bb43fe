import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  hostStubPath,
  openFiles,
  runLaunchStub,
  type StubOptions,
  startLaunchStub,
  whileReady,
} from "../../../native/run-launch-stub.js";
import { encodeStubInstructions, type StubInstruction } from "./stub-instructions.js";

const GUEST_ID = 60_001;
const EPERM = 1;
const ALLOW_ALL = Uint8Array.of(6, 0, 0, 0, 0, 0, 0xff, 0x7f);
const isRoot = process.getuid?.() === 0;

// World-searchable and outside the repository: the guest's user must reach the stub and the bundle.
const folder = mkdtempSync(join(tmpdir(), "launch-stub-inner-"));
const bundle = join(folder, "bundle");
const stub = join(folder, "launch-stub");

beforeAll(() => {
  chmodSync(folder, 0o755);
  copyFileSync(hostStubPath, stub);
  mkdirSync(join(bundle, "later"), { recursive: true });
  writeFileSync(join(bundle, "tool"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bubblewrap = [
  ...["/usr/bin/bwrap", "--unshare-all", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"],
  ...["CAP_SYS_ADMIN", "CAP_SETPCAP", "CAP_SYS_RESOURCE"].flatMap((capability) => ["--cap-add", capability]),
  ...[
    "--die-with-parent",
    "--new-session",
    "--as-pid-1",
    "--ro-bind",
    "/usr",
    "/usr",
    "--symlink",
    "usr/bin",
    "/bin",
  ],
  ...["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--dir", "/data", "--dir", "/tmp"],
  ...["--proc", "/proc", "--ro-bind", bundle, "/bundle", "--ro-bind", stub, "/stub", "--chdir", "/"],
  ...["--remount-ro", "/", "/stub"],
];
const options: StubOptions = { command: bubblewrap, ...(isRoot ? { uid: GUEST_ID } : {}) };

const sh = (script: string): StubInstruction => ({
  kind: "execute",
  path: "/bin/sh",
  argv: ["sh", "-c", script],
});
const scratch = { kind: "tmpfs", sizeBytes: 1 << 20, inodes: 16, mode: 0o700, uid: 1000, gid: 1000 } as const;
const walls: readonly StubInstruction[] = [
  { kind: "writeFile", path: "/proc/sys/user/max_user_namespaces", text: "0" },
  { kind: "unmount", target: "/proc" },
  { kind: "sealMounts" },
  { ...scratch, target: "/tmp" },
  { ...scratch, target: "/data", sizeBytes: 2 << 20, inodes: 32 },
  { kind: "remount", target: "/bundle", flags: ["ro", "nosuid", "nodev", "noexec"] },
  { kind: "rlimit", resource: "nofile", soft: 40, hard: 40 },
  { kind: "rlimit", resource: "nproc", soft: 20, hard: 20 },
  { kind: "rlimit", resource: "core", soft: 0, hard: 0 },
  { kind: "dropCapabilities" },
  { kind: "closeFrom", descriptor: 4 },
  { kind: "seccomp", program: ALLOW_ALL },
  { kind: "ready" },
];

describe("the walls under bubblewrap", () => {
  it("stand, seen from outside, while the program waits", async () => {
    const list = encodeStubInstructions([...walls, sh("true")]);
    await whileReady(
      list,
      (launcher) => {
        const pid = onlyChild(launcher);
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
          expect(status).toContain(`${set}:\t0000000000000000\n`);
        expect(status).toMatch(/^NoNewPrivs:\t1$/m);
        expect(status).toMatch(/^Seccomp:\t2$/m);
        expect(status).toMatch(/^Threads:\t1$/m);
        expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
        const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
        expect(limits).toMatch(/^Max open files +40 +40 /m);
        expect(limits).toMatch(/^Max processes +20 +20 /m);
        expect(limits).toMatch(/^Max core file size +0 +0 /m);
        const mounts = readFileSync(`/proc/${pid}/mountinfo`, "utf8");
        expect(mounts).toMatch(
          / \/tmp rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,size=1024k,nr_inodes=16,mode=700,/,
        );
        expect(mounts).toMatch(
          / \/data rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,size=2048k,nr_inodes=32,mode=700,/,
        );
        expect(mounts).toMatch(/ \/bundle ro,nosuid,nodev,noexec,relatime - /);
        expect(mounts).not.toMatch(/ \/proc | (master|shared):/);
        expect(openFiles(pid)).toHaveLength(4);
      },
      options,
    );
  });

  it.each<[string, string, string]>([
    ["executes nothing from the bundle", "/bundle/tool", "Permission denied"],
    ["executes nothing it has written", "cp /bin/true /tmp/t && /tmp/t", "Permission denied"],
    ["stops at the size of /tmp", "head -c 2000000 /bin/bash >/tmp/big", "No space left on device"],
    ["stops at the inodes of /tmp", "for i in $(seq 20); do : >/tmp/$i; done", "No space left on device"],
    ["makes no further user namespaces", "unshare -U true", "No space left on device"],
    ["mounts nothing", "mount -t tmpfs x /data", "permission denied|must be superuser"],
    ["raises no limit", "ulimit -Hn 41", "error setting limit"],
    ["writes nothing beside /tmp and /data", "echo >/x", "Read-only file system"],
  ])("hold: the program %s", async (_name, script, error) => {
    const { output } = await runLaunchStub(encodeStubInstructions([...walls, sh(script)]), options);
    expect(output).toMatch(new RegExp(error, "i"));
  });

  it("let a failing step name itself", async () => {
    const list = encodeStubInstructions([...walls.slice(0, 2), { kind: "chdir", path: "/none" }, sh("true")]);
    expect(await runLaunchStub(list, options)).toMatchObject({ exitCode: 125, report: "failed 2 2\n" });
  });

  it("cannot be raised twice: without capabilities the stub fails instead of going on", async () => {
    const list = encodeStubInstructions([
      { kind: "dropCapabilities" },
      { ...scratch, target: "/tmp" },
      sh("true"),
    ]);
    expect(await runLaunchStub(list, options)).toMatchObject({
      exitCode: 125,
      report: `failed 1 ${EPERM}\n`,
    });
  });
});

if (isRoot) {
  describe("both stages", () => {
    it("hand a private directory of root's to a guest that has another user and no way to reach it", async () => {
      const secret = join(folder, "private");
      mkdirSync(join(secret, "grant"), { recursive: true, mode: 0o700 });
      writeFileSync(join(secret, "grant", "x"), "granted", { mode: 0o644 });
      chmodSync(join(secret, "grant"), 0o755);
      mkdirSync(join(folder, "staged"), { recursive: true });
      const [program = "", ...rest] = bubblewrap;
      const beforeReadOnly = rest.slice(0, -"--remount-ro / /stub".split(" ").length);
      const bind = ["--ro-bind", join(folder, "staged"), "/grant"];
      const argv = [program, ...beforeReadOnly, ...bind, "--remount-ro", "/", "/stub", "6", "3"];
      const inner = join(folder, "inner-list");
      writeFileSync(inner, encodeStubInstructions([...walls, sh("cat /grant/x; id -u")]), { mode: 0o644 });
      const outer = encodeStubInstructions([
        { kind: "privateMounts" },
        {
          kind: "bindMount",
          source: join(secret, "grant"),
          target: join(folder, "staged"),
          flags: ["ro", "nosuid", "nodev", "noexec"],
        },
        { kind: "identity", uid: GUEST_ID, gid: GUEST_ID },
        { kind: "dieWithParent", parentPid: process.pid },
        { kind: "execute", path: program, argv },
      ]);
      const descriptors = ["/dev/null", inner].map((path) => openSync(path, "r"));
      const { exitCode, output } = await runLaunchStub(outer, { descriptors });
      for (const descriptor of descriptors) closeSync(descriptor);
      expect({ exitCode, output }).toEqual({ exitCode: 0, output: "granted1000\n" });
    });

    it("keep out what the host mounts below a bind after the walls have been checked", async () => {
      // A machine whose mounts are shared, as systemd makes them; bubblewrap alone would let the new mount in.
      const program = sh("ls -A /bundle/later");
      for (const [seals, expected] of [
        [false, "appeared\n"],
        [true, ""],
      ] as const) {
        const kept = walls.filter(({ kind }) => seals || kind !== "sealMounts");
        expect(await mountWhileItWaits(encodeStubInstructions([...kept, program]))).toBe(expected);
      }
    });
  });
}

async function mountWhileItWaits(list: Uint8Array): Promise<string> {
  const user = [
    "/usr/bin/setpriv",
    "--reuid",
    String(GUEST_ID),
    "--regid",
    String(GUEST_ID),
    "--clear-groups",
  ];
  const command = ["/usr/bin/unshare", "-m", "--propagation", "shared", ...user, ...bubblewrap];
  const { child, channel, ended } = startLaunchStub(list, { command });
  await new Promise((resolve) => channel.once("data", resolve));
  const later = join(bundle, "later");
  const mount = `mount -t tmpfs later ${later} && : >${later}/appeared`;
  execFileSync("nsenter", ["-t", String(child.pid), "-m", "/bin/sh", "-c", mount]);
  channel.write("G");
  return (await ended).output;
}

/** bubblewrap stays outside as the parent; the stub is its only child. */
function onlyChild(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  expect(children).toMatch(/^\d+$/);
  return Number(children);
}
