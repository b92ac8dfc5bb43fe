import { once } from "node:events";
import type { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { isAlive, readStartTime, readStat } from "../../process-status.js";
import { killStarting } from "./kill-starting.js";
import { signalProcess } from "./signal-process.js";
import { type StartedProcess, startProcess } from "./start-process.js";

async function startFamily(): Promise<{
  readonly parent: StartedProcess;
  readonly child: number;
  readonly ended: Promise<unknown>;
}> {
  const parent = await startProcess(
    "/bin/sh",
    ["-c", "sleep 30 & echo $! >&3; wait"],
    ["ignore", "ignore", "ignore", "pipe"],
  );
  const ended = once(parent, "exit");
  // Safe: it was asked for as a pipe.
  const [text] = await once(parent.stdio[3] as Readable, "data");
  return { parent, child: Number(String(text)), ended };
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
    parent.kill("SIGSTOP");
    const start = readStartTime(child) ?? -1;
    await killStarting(parent);
    await ended;
    await expect.poll(() => isAlive(child, start)).toBe(false);
  });

  it("has nothing to do for a process that is gone", async () => {
    const gone = await startProcess("/bin/true", [], ["ignore"]);
    await once(gone, "exit");
    await expect(killStarting(gone)).resolves.toBeUndefined();
  });
});

describe("signalProcess()", () => {
  it("signals the very process that was meant, and no other of its number", async () => {
    const { parent, child, ended } = await startFamily();
    const start = readStartTime(child) ?? -1;
    expect(signalProcess(child, start - 1, "SIGKILL")).toBe(false);
    await expect.poll(() => readStat(child)?.state).toBe("S");
    expect(signalProcess(child, start, "SIGKILL")).toBe(true);
    await ended;
    expect(signalProcess(parent.pid, 1, "SIGKILL")).toBe(false);
  });
});
