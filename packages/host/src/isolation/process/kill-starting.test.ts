import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { killStarting } from "./kill-starting.js";
import { isAlive, readStartTime, readStat } from "./process-status.js";
import { signalProcess } from "./signal-process.js";

async function startFamily(): Promise<{
  readonly parent: number;
  readonly child: number;
  readonly ended: Promise<unknown>;
}> {
  const family = spawn("sh", ["-c", "sleep 30 & echo $!; wait"], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(family, "exit");
  const [text] = await once(family.stdout, "data");
  // Safe: it has been spawned.
  return { parent: family.pid as number, child: Number(String(text)), ended };
}

describe("killStarting()", () => {
  it("ends a process together with the child that it has made", async () => {
    const { parent, child, ended } = await startFamily();
    const start = readStartTime(child) ?? -1;
    await killStarting(parent);
    await ended;
    await expect.poll(() => isAlive(child, start)).toBe(false);
  });

  it("ends a process that is stopped already", async () => {
    const { parent, child, ended } = await startFamily();
    process.kill(parent, "SIGSTOP");
    const start = readStartTime(child) ?? -1;
    await killStarting(parent);
    await ended;
    await expect.poll(() => isAlive(child, start)).toBe(false);
  });

  it("has nothing to do for a process that is gone", async () => {
    await expect(killStarting(2 ** 22 + 1)).resolves.toBeUndefined();
  });
});

describe("signalProcess()", () => {
  it("signals the very process that was meant, and no other of its number", async () => {
    const { parent, child, ended } = await startFamily();
    const start = readStartTime(child) ?? -1;
    expect(signalProcess(child, start - 1, "SIGKILL")).toBe(false);
    expect(readStat(child)?.state).toBe("S");
    expect(signalProcess(child, start, "SIGKILL")).toBe(true);
    await ended;
    expect(signalProcess(parent, 1, "SIGKILL")).toBe(false);
  });
});
