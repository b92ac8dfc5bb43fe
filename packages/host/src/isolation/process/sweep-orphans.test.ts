import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { isAlive, readStartTime, readStat } from "../../process-status.js";
import { signalProcess } from "./signal-process.js";
import { sweepOrphans } from "./sweep-orphans.js";

const BUBBLEWRAP = "/usr/bin/bwrap";

/** Process 1 of its own namespace, under any name: `exec -a` writes the words that the sweep looks at. */
const INSIDE = `exec -a "$0" bash -c 'echo $$ >&3; sleep 30; :' "$@"`;

const started: (() => void)[] = [];
afterEach(() => {
  for (const end of started.splice(0)) end();
});

/** A guest in the middle of its start, and its bubblewrap; `outside` is what its parent calls itself. */
async function startGuest(
  program: string,
  word: string,
): Promise<{ readonly guest: number; readonly parent: number }> {
  const script = `exec -a "$0" unshare --user --map-root-user --pid --fork bash -c ${quote(INSIDE)} "$0" "$@"`;
  const child = spawn("bash", ["-c", script, program, word], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const [channel] = [child.stdio[3]];
  if (channel === null || channel === undefined) throw new Error("no pipe");
  await once(channel, "data");
  // Safe: it has been spawned.
  const parent = child.pid as number;
  const guest = childOf(parent);
  const [parentStart, guestStart] = [readStartTime(parent) ?? 0, readStartTime(guest) ?? 0];
  started.push(() => {
    signalProcess(guest, guestStart, "SIGKILL");
    signalProcess(parent, parentStart, "SIGKILL");
    channel.destroy();
  });
  return { guest, parent };
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function childOf(parent: number): number {
  for (let pid = parent + 1; pid < parent + 200; pid++) if (readStat(pid)?.parent === parent) return pid;
  throw new Error("no child");
}

describe("sweepOrphans()", () => {
  it("ends a guest whose bubblewrap was killed while it started", async () => {
    const { guest, parent } = await startGuest(BUBBLEWRAP, "/.launch-stub");
    const start = readStartTime(guest) ?? -1;
    process.kill(parent, "SIGKILL");
    await expect.poll(() => readStat(guest)?.parent).not.toBe(parent);
    sweepOrphans(BUBBLEWRAP);
    await expect.poll(() => isAlive(guest, start)).toBe(false);
  });

  it.each([
    ["a guest with its bubblewrap", BUBBLEWRAP, "/.launch-stub", false],
    ["an orphan of another program", "/usr/bin/other", "/.launch-stub", true],
    ["an orphan that runs something else", BUBBLEWRAP, "/usr/bin/app", true],
  ])("leaves %s alone", async (_, program, word, isOrphan) => {
    const { guest, parent } = await startGuest(program, word);
    const start = readStartTime(guest) ?? -1;
    if (isOrphan) {
      process.kill(parent, "SIGKILL");
      await expect.poll(() => readStat(guest)?.parent).not.toBe(parent);
    }
    sweepOrphans(BUBBLEWRAP);
    await wait(100);
    expect(isAlive(guest, start)).toBe(true);
  });
});
