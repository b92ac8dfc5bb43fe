import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isAlive, parseBootOffset, readStartTime, readStat } from "./process-status.js";

const NOBODY = 2 ** 22 + 1;

describe("readStat()", () => {
  it("reads this very process", () => {
    const stat = readStat(process.pid);
    expect(stat?.state).toMatch(/^[RS]$/);
    expect(stat?.threads).toBeGreaterThan(1);
    const ownMs = process.cpuUsage();
    expect(stat?.cpuTicks).toBeGreaterThan(0);
    expect((stat?.cpuTicks ?? 0) * 10).toBeLessThanOrEqual((ownMs.user + ownMs.system) / 1000 + 20);
  });

  it("is not fooled by a process that names itself like fields", async () => {
    const child = spawn("bash", ["-c", 'printf "x) Z 1 1" > /proc/self/comm; echo; read'], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    await once(child.stdout, "data");
    // Safe: it has been spawned.
    const pid = child.pid as number;
    await expect.poll(() => readStat(pid)?.state).toBe("S");
    expect(isAlive(pid, readStartTime(pid) ?? -1)).toBe(true);
    child.stdin.end("\n");
    await once(child, "close");
  });

  it("knows nothing of a process that is gone", () => {
    expect([readStat(NOBODY), readStartTime(NOBODY)]).toEqual([undefined, undefined]);
  });
});

describe("isAlive()", () => {
  it("takes a process of the same number but another start for another one", () => {
    const started = readStartTime(process.pid) ?? 0;
    expect([isAlive(process.pid, started), isAlive(process.pid, started - 1)]).toEqual([true, false]);
  });

  it("does not count a zombie", async () => {
    // The shell becomes a sleep that will never wait for its child.
    const child = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 10"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [text] = await once(child.stdout, "data");
    const zombie = Number(String(text));
    await expect.poll(() => readStat(zombie)?.state).toBe("Z");
    expect(isAlive(zombie, readStartTime(zombie) ?? -1)).toBe(false);
    child.kill("SIGKILL");
    await once(child, "exit");
  });
});

describe("readStartTime()", () => {
  it("says the same in a time namespace, where the kernel shows other times", async () => {
    const user = process.getuid?.() === 0 ? [] : ["--user", "--map-current-user"];
    const file = fileURLToPath(new URL("./process-status.ts", import.meta.url));
    const code = `import { readStartTime } from ${JSON.stringify(file)}; console.log(readStartTime(${process.pid}));`;
    const node = [process.execPath, "--no-warnings", "--input-type=module", "-e", code];
    const child = spawn("unshare", [...user, "--time", "--boottime", "31536000", "--fork", ...node], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    expect(Number(await text(child.stdout))).toBe(readStartTime(process.pid));
  });

  it.each([
    ["monotonic           0         0\nboottime   31536000         0\n", 3_153_600_000],
    ["monotonic           5         0\nboottime         -7         0\n", -700],
    ["", 0],
  ])("knows the namespace's offset from %j", (offsets, ticks) => {
    expect(parseBootOffset(offsets)).toBe(ticks);
  });
});
