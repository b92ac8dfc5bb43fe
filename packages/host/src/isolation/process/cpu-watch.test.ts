import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { readStartTime, readStat } from "../../process-status.js";
import { createBrakes } from "./brakes.js";
import type { ProcessName } from "./children-of.js";
import { MS_PER_TICK } from "./cpu-meter.js";
import { type CpuWatch, startCpuWatch } from "./cpu-watch.js";

let child: ChildProcess | undefined;
let abort = new AbortController();
afterEach(async () => {
  abort.abort();
  abort = new AbortController();
  if (child?.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
});

async function startWatched(
  script: string,
  cores: number,
  isThrottling: boolean,
): Promise<{ readonly pid: number; readonly watch: CpuWatch }> {
  child = spawn("sh", ["-c", script], { stdio: "ignore" });
  await once(child, "spawn");
  // Safe: it has been spawned.
  const pid = child.pid as number;
  const startTime = readStartTime(pid) ?? 0;
  return { pid, watch: watchProcess({ pid, startTime }, cores, isThrottling) };
}

function watchProcess(name: ProcessName, cores: number, isThrottling: boolean): CpuWatch {
  const list = () => [name];
  return startCpuWatch({
    list,
    cores,
    brakes: isThrottling ? createBrakes(list, undefined) : undefined,
    maxMs: undefined,
    signal: abort.signal,
    onExcess: () => undefined,
  });
}

const usedMs = (pid: number) => (readStat(pid)?.cpuTicks ?? 0) * MS_PER_TICK;

describe("startCpuWatch()", () => {
  it.each([0.25, 0.5])("keeps a guest that spins within %d of a processor", async (cores) => {
    const { pid } = await startWatched("while :; do :; done", cores, true);
    const [startedAt, startedMs] = [performance.now(), usedMs(pid)];
    await wait(2_000);
    expect((usedMs(pid) - startedMs) / (performance.now() - startedAt)).toBeLessThan(cores + 0.1);
  });

  it("lets a guest that is told to run at full speed run at full speed", async () => {
    const { pid } = await startWatched("while :; do :; done", 0.1, false);
    await wait(700);
    expect(readStat(pid)?.state).not.toBe("T");
    expect(usedMs(pid)).toBeGreaterThan(150);
  });

  it("counts what was used, the last moment included", async () => {
    const { pid, watch } = await startWatched("while :; do :; done", 2, false);
    await wait(450);
    abort.abort();
    expect(Math.abs(watch.usedMs() - usedMs(pid))).toBeLessThanOrEqual(50);
  });

  it("never stops a guest that waits", async () => {
    const { pid } = await startWatched("exec sleep 10", 0.1, true);
    for (let look = 0; look < 10; look++) {
      await wait(30);
      expect(readStat(pid)?.state).toBe("S");
    }
  });

  it("leaves another process alone that got the number of its own", async () => {
    child = spawn("sh", ["-c", "while :; do :; done"], { stdio: "ignore" });
    await once(child, "spawn");
    // Safe: it has been spawned.
    const pid = child.pid as number;
    watchProcess({ pid, startTime: 1 }, 0.01, true);
    await wait(400);
    expect(readStat(pid)?.state).not.toBe("T");
  });

  it("has nothing to do any more once its guest is gone", async () => {
    const { watch } = await startWatched("exit 0", 0.1, true);
    if (child !== undefined) await once(child, "exit");
    await wait(250);
    expect(watch.usedMs()).toBeLessThan(100);
  });
});
