import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isGuestAlive } from "./arena.js";
import { numberOf, openRawGuests, RAW_LIMITS, type RawGuests } from "./raw-guest.js";

const MB = 2 ** 20;
const IS_ROOT = process.getuid?.() === 0;

let raw: RawGuests;
beforeAll(async () => {
  raw = await openRawGuests();
});
afterAll(async () => raw?.close());

const n = (name: string) => numberOf(name) ?? Number.NaN;

describe("An attack that is on no list", () => {
  test("what the host mounts later stays out of a running guest", async () => {
    const shared = join(raw.home, "shared");
    mkdirSync(join(shared, "later"), { recursive: true });
    const lines: string[] = [];
    const guest = await raw.start(
      `select(undef, undef, undef, 0.7); opendir my $d, "/shared/later" or die; print "saw $_\\n" for grep { !/^\\./ } readdir $d;`,
      {
        inputs: [{ source: shared, target: "/shared" }],
        onLog: ({ text }) => lines.push(text),
      },
    );
    if (IS_ROOT) execFileSync("mount", ["-t", "tmpfs", "tmpfs", join(shared, "later")]);
    writeFileSync(join(shared, "later/secret"), "x");
    await guest.ended;
    if (IS_ROOT) execFileSync("umount", [join(shared, "later")]);
    // Without the right to mount, the file is simply in a folder that was given to the guest.
    expect(lines).toEqual(IS_ROOT ? [] : ["saw secret"]);
  });

  test("page tables count as memory, though no resource limit knows them", async () => {
    const free = memoryAvailable();
    // Terabytes of read-only nothing cost a page table for every two megabytes that are looked at.
    const { end } = await raw.run(`
      my $size = 1 << 39; my $at = syscall(${n("mmap")}, 0, $size, 1, 0x4022, -1, 0); die if $at == -1;
      for (my $done = 0; $done < $size; $done += 1 << 32) { syscall(${n("madvise")}, $at + $done, 1 << 32, 22); } sleep 2;`);
    expect(end.code).toBe("MEMORY_LIMIT");
    expect(free - memoryAvailable()).toBeLessThan(600 * MB);
  });

  test("memory by other doors ends at the limit: brk, populate, stack, pipes", async () => {
    const doors = [
      `my $b = syscall(${n("brk") || 12}, 0); print syscall(${n("brk") || 12}, $b + (1 << 31)) > $b ? "got brk\\n" : "no\\n";`,
      `print syscall(${n("mmap")}, 0, 1 << 31, 3, 0x8022, -1, 0) == -1 ? "no\\n" : "got populate\\n";`,
      `print syscall(${n("mmap")}, 0, 1 << 31, 3, 0x2022, -1, 0) == -1 ? "no\\n" : "got locked\\n";`,
      `print syscall(${n("mmap")}, 0, 1 << 31, 3, 0x20022, -1, 0) == -1 ? "no\\n" : "got stack\\n";`,
      `print syscall(${n("mmap")}, 0, 1 << 31, 3, 0x40022, -1, 0) == -1 ? "no\\n" : "got huge\\n";`,
      `my $at = syscall(${n("mmap")}, 0, 1 << 31, 1, 0x22, -1, 0); print syscall(${n("mprotect")}, $at, 1 << 31, 3) == -1 ? "no\\n" : "got mprotect\\n";`,
      `my $at = syscall(${n("mmap")}, 0, 4096, 3, 0x22, -1, 0); print syscall(${n("mremap")}, $at, 4096, 1 << 31, 1) == -1 ? "no\\n" : "got mremap\\n";`,
    ];
    const { lines } = await raw.run(doors.map((door) => `{ ${door} }`).join("\n"));
    expect(lines).toEqual(doors.map(() => "no"));
  });

  test("threads and descriptors end at their limits", async () => {
    const { lines } =
      await raw.run(`my $b = "\\0" x 64; my $made = 0; $made++ while syscall(${n("pipe2")}, $b, 0) == 0 && $made < 5000; print "$made\\n";
      $made = 0; $made++ while syscall(${n("eventfd2")}, 0, 0) != -1 && $made < 5000; print "$made\\n";`);
    expect(Number(lines[0])).toBeLessThan(40);
    expect(Number(lines[1])).toBeLessThan(3);
  });

  test("blocks cannot be taken faster than they are counted", async () => {
    const { end, lines } = await raw.run(`
      for my $at (1 .. 150) { open my $f, ">", "/data/$at" or last; syscall(${n("fallocate")}, fileno $f, 0, 0, 4 << 20) == -1 and last; } print "done\\n"; sleep 1;`);
    expect(lines.length).toBeLessThanOrEqual(1);
    const used = Number(
      execFileSync("du", ["-s", "-B1", join(raw.home, "data")], { encoding: "utf8" }).split("\t")[0],
    );
    // Every guest of this file has a folder or an image of at most its quota.
    const guests = readdirSync(join(raw.home, "data")).length;
    expect(used).toBeLessThan(guests * (RAW_LIMITS.diskBytes + MB) + 32 * MB);
    expect([undefined, "DISK_LIMIT"]).toContain(end.code);
  });

  test("the watches of files that the host's user may have are not used up", async () => {
    const guest = await raw.start(
      `my $made = 0; $made++ while syscall(${n("inotify_init1")}, 0) != -1; print "$made\\n"; sleep 5;`,
      { limits: { ...RAW_LIMITS, files: 1_000 }, onLog: () => undefined },
    );
    await wait(300);
    expect(isGuestAlive(guest.pid)).toBe(true);
    const watcher = watch(raw.home);
    watcher.close();
    guest.kill({ code: "KILLED", message: "enough" });
    await guest.ended;
  });

  test("the host's devices keep their times and modes", async () => {
    const before = statSync("/dev/null");
    await raw.run(
      `utime undef, undef, "/dev/null"; chmod 0, "/dev/null"; utime undef, undef, "/dev/urandom"; chown 1000, 1000, "/dev/null";`,
    );
    const after = statSync("/dev/null");
    expect([after.mode, after.uid, after.mtimeMs]).toEqual([before.mode, before.uid, before.mtimeMs]);
  });

  test("the mount points of its own folder cannot be moved, removed or replaced", async () => {
    const { lines } = await raw.run(`
      print((rename("/data", "/tmp/data") ? "moved" : "no"), "\\n"); print((rmdir("/data") ? "removed" : "no"), "\\n");
      print((symlink("/etc", "/data2") ? "linked" : "no"), "\\n"); print((rename("/tmp", "/data/tmp") ? "moved" : "no"), "\\n");
      mkdir "/tmp/a"; print((rename("/tmp/a", "/data") ? "replaced" : "no"), "\\n"); chmod 0, "/data"; chdir "/"; print "done\\n";`);
    expect(lines).toEqual(["no", "no", "no", "no", "no", "done"]);
  });

  test("a folder that locks its owner out is the plugin's own trouble, not the host's", async () => {
    const data = { source: join(raw.home, "locked") };
    const owner = { plugin: "attacker/locked", tenant: "main" };
    await raw.run(`chmod 0, "/data"; print "locked\\n";`, { data, owner });
    const { end, lines } = await raw.run(
      `print "again\\n"; open my $f, ">", "/data/x"; print $f ? "open\\n" : "shut\\n";`,
      { data, owner },
    );
    // A watch that cannot look inside counts the folder as full.
    expect(end.code === "DISK_LIMIT" || lines[0] === "again", `${end.code} ${lines}`).toBe(true);
    await raw.run(`print "somebody else";`);
  });

  test("a name of the longest kind in the deepest folder does not stop the next start", async () => {
    const data = { source: join(raw.home, "deep") };
    const owner = { plugin: "attacker/deep", tenant: "main" };
    const dig = `chdir "/data"; for (1 .. 150) { my $n = "d" x 255; mkdir $n or last; chdir $n or last; } print "dug\\n";`;
    for (let at = 0; at < 2; at++) {
      const { end, lines } = await raw.run(dig, { data, owner });
      // A watch that cannot follow so far down counts the folder as full.
      expect(end.code === "DISK_LIMIT" || lines[0] === "dug", `${end.code} ${lines}`).toBe(true);
    }
  });

  test("nothing of the guest runs while the gate is shut, nor when the launch is given up", async () => {
    const stop = new AbortController();
    const marker = join(raw.home, "gate");
    mkdirSync(marker, { mode: 0o777 });
    const starts = Array.from({ length: 4 }, (_, at) => {
      setTimeout(() => stop.abort(new Error("given up")), at * 5);
      return raw.isolation.launch(
        {
          label: `gate.${at}`,
          owner: { plugin: "attacker/gate", tenant: `t${at}` },
          program: "/usr/bin/perl",
          args: ["-e", "sleep 60"],
          env: {},
          workingDirectory: "/",
          executables: [{ source: process.execPath, target: "/usr/bin/perl" }],
          inputs: [],
          data: undefined,
          dataAliases: [],
          limits: RAW_LIMITS,
          baseline: { dataBytes: 2 ** 30, threads: 20, files: 30 },
          onLog: () => undefined,
        },
        stop.signal,
      );
    });
    const results = await Promise.allSettled(starts);
    for (const result of results)
      if (result.status === "fulfilled") result.value.kill({ code: "KILLED", message: "enough" });
    expect(results.some(({ status }) => status === "rejected")).toBe(true);
    expect(existsSync(join(marker, "x"))).toBe(false);
  });

  test("words on its error output cannot pass for a failed start of the host's", async () => {
    const { end } = await raw.run(
      `print STDERR "failed 0 1\\nready\\n"; syswrite STDOUT, "G"; open my $c, ">&=", 3; syswrite $c, "ready\\nfailed 3 1\\n"; exit 126;`,
    );
    expect(end).toMatchObject({ code: "CRASHED", evidence: { exitCode: 126 } });
  });
});

function memoryAvailable(): number {
  return Number(/MemAvailable:\s+(\d+) kB/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) * 1024;
}
