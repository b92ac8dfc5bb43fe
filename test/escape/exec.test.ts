import { spawn } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type IsolateOptions, isolate } from "@paddock/host";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeTemporaryHome, type TemporaryHome } from "../plugins/host-behaviours/temporary-home.js";
import { call } from "./raw-guest.js";

let home: TemporaryHome;
let folder = "";
beforeAll(async () => {
  home = await makeTemporaryHome();
});
afterAll(() => home.remove());
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "exec-attack-")));
  for (const name of ["in", "out", "private"]) mkdirSync(join(folder, name), { mode: 0o700 });
  writeFileSync(join(folder, "in/note"), "original");
  writeFileSync(join(folder, "private/secret"), "the secret");
  return () => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true, force: true });
  };
});

/** A program with everything that may be granted, its words together. */
async function attack(argv: readonly string[], options: IsolateOptions = {}) {
  const program = await isolate(argv, {
    ...{
      home: home.path,
      stdin: "",
      read: [join(folder, "in")],
      write: [join(folder, "out")],
      timeout: "10s",
    },
    ...options,
  });
  const [out, err, result] = await Promise.all([text(program.stdout), text(program.stderr), program.result]);
  return { out, err, ...result };
}

const sh = (script: string, options?: IsolateOptions) => attack(["bash", "-c", script], options);
const perl = (script: string, options?: IsolateOptions) =>
  attack(["perl", "-e", `$| = 1; ${script}`], options);

describe("A program's files", () => {
  test("A walk out of a grant finds the guest's own root only", async () => {
    const { out } = await sh(
      `cd ${folder}/out; cat ../private/secret //etc/shadow /../../etc/shadow; ls .. ../..`,
    );
    expect(out.split("\n").filter(Boolean).sort()).toEqual(
      ["../..:", "..:", folder.split("/").at(-1), "in", "out"].sort(),
    );
  });

  test("A link in a grant leads nowhere outside, and the host's file stays", async () => {
    const { err } = await sh(
      `cd ${folder}/out; ln -s ${folder}/private/secret a; ln -s /etc/passwd b; cat a; echo x >a; echo x >b`,
    );
    expect(err).toMatch(/No such file/);
    expect(readFileSync(join(folder, "private/secret"), "utf8")).toBe("the secret");
    expect(readFileSync("/etc/passwd", "utf8")).not.toBe("x\n");
  });

  test("A hard link does not make a read-only file writable", async () => {
    const { err } = await sh(
      `cd ${folder}; ln in/note out/note && echo changed >out/note; echo changed >in/note`,
    );
    expect(err).toMatch(/Invalid cross-device link[\s\S]*Read-only/);
    expect(readFileSync(join(folder, "in/note"), "utf8")).toBe("original");
  });

  test("No set-uid bit, device or capability is left on the host", async () => {
    await sh(
      `cd ${folder}/out; cp /bin/sh sh; chmod 6755 sh; cp -p sh two; mknod null c 1 3; install -m 4755 sh three`,
    );
    for (const name of readdirSync(join(folder, "out"))) {
      const { mode } = lstatSync(join(folder, "out", name));
      expect([name, mode & 0o6000, mode & 0o170000]).toEqual([name, 0, 0o100000]);
    }
  });

  test("Nothing that was granted or written becomes code", async () => {
    const { out, err } = await sh(
      `cd ${folder}/out; cp /bin/echo run; ./run ran; /lib*/ld-linux-*.so.* ./run ran; /lib64/ld-linux-x86-64.so.2 ./run ran
       cp $(ls /usr/lib/*/libm.so.6 | head -1) lib.so; LD_PRELOAD=$PWD/lib.so true; cp /bin/echo /tmp/run; /tmp/run ran`,
    );
    expect(out).not.toMatch(/ran/);
    expect(err).toMatch(/failed to map segment|cannot be preloaded/);
  });
});

describe("A program's processes", () => {
  test("None survives, whatever it does about signals, sessions and parents", async () => {
    const script = `for (1 .. 10) { if (!fork) { $SIG{$_} = 'IGNORE' for qw(TERM HUP INT); setpgrp; if (!fork) { sleep 4714 } exit } } print "left"; `;
    const { out } = await perl(script);
    expect(out).toBe("left");
    const alive = readdirSync("/proc").filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("sleep 4714");
      } catch {
        return false;
      }
    });
    expect(alive).toEqual([]);
  });

  test("It cannot end its guardian, nor anybody outside", async () => {
    const bystander = spawn("sleep", ["60"]);
    const { out } = await sh("kill -9 1; kill -STOP 1; kill -9 -1; echo alive", { pids: 4 });
    expect(out).toBe("alive\n");
    expect(bystander.exitCode).toBeNull();
    bystander.kill();
  });

  test("A fork bomb hits its own wall and the host goes on", async () => {
    const startedAt = performance.now();
    const { exitCode } = await sh(":() { : | : & }; : 2>/dev/null; sleep 1; exit 3", {
      pids: 16,
      timeout: "5s",
    });
    expect([3, 137, 254, 1]).toContain(exitCode);
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });

  test("It has no descriptor but its three streams, neither the gate nor the data channel", async () => {
    const { out } = await perl(
      'print join ",", grep { open(my $f, "<&=$_") || open(my $g, ">&=$_") } 0 .. 40;',
    );
    expect(out).toBe("0,1,2");
  });

  test.each([
    ["ptrace", "16, 1, 0, 0"],
    ["unshare", "0x10000000"],
    ["setns", "0, 0"],
    ["mount", "'none', '/tmp', 'tmpfs', 0, 0"],
    ["process_vm_writev", "1, 0, 0, 0, 0, 0"],
    ["pidfd_open", "1, 0"],
    ["keyctl", "0, 0"],
    ["bpf", "0, 0, 0"],
    ["socket", "1, 1, 0"],
    ["socket", "2, 1, 0"],
    ["ioctl", "0, 0x5412, 'x'"],
  ])("%s(%s) is refused to one that may start processes", async (name, args) => {
    const { out, code } = await perl(call(name, args));
    expect(code === "SECCOMP_VIOLATION" || Number(out) > 0).toBe(true);
  });
});

describe("A program's resources", () => {
  test("A full /tmp is an error of its own, and no end", async () => {
    const { out, err, exitCode } = await sh(
      "head -c 200000000 /dev/urandom >/tmp/big; echo went on; exit 0",
      {
        limits: { scratch: "4MB" },
      },
    );
    expect({ out, exitCode }).toEqual({ out: "went on\n", exitCode: 0 });
    expect(err).toMatch(/No space left on device/);
  });

  test("Processor time spent in short lives nobody waits for is counted", async () => {
    const script =
      "$SIG{CHLD} = 'IGNORE'; while (1) { if (!fork) { my $t = times; 1 while times - $t < 0.3; exit } select undef, undef, undef, 0.05 }";
    const { code } = await perl(script, { limits: { cpuTime: "1s" }, cpu: 2 });
    expect(code).toBe("CPU_LIMIT");
  });

  test("Memory of many small processes is one sum", async () => {
    const script = "for (1 .. 10) { if (!fork) { my $x = 'x' x 20_000_000; sleep 5; exit } } sleep 5;";
    expect((await perl(script, { memory: "64MB" })).code).toBe("MEMORY_LIMIT");
  });

  test("A grant stays the host's: its owner and its times outside are untouched by a reader", async () => {
    const before = statSync(join(folder, "in"));
    await sh(`touch ${folder}/in; chmod 777 ${folder}/in; chown 0 ${folder}/in; rm -rf ${folder}/in`);
    const after = statSync(join(folder, "in"));
    expect([after.mode, after.uid, after.mtimeMs]).toEqual([before.mode, before.uid, before.mtimeMs]);
  });
});
