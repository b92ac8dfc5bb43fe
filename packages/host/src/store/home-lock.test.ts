import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockHome } from "./home-lock.js";

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "lock-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const OWNER = fileURLToPath(
  new URL("../../../../test/plugins/host-behaviours/home-owner.mjs", import.meta.url),
);

const RACER = fileURLToPath(
  new URL("../../../../test/plugins/host-behaviours/home-racer.mjs", import.meta.url),
);

/** A process that claims the home and says how that went. */
async function claim() {
  const child = spawn(process.execPath, ["--no-warnings", OWNER, home], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [said] = await once(createInterface({ input: child.stdout }), "line");
  const exited = once(child, "exit");
  return { child, said: String(said), exited };
}

/** A process that claims the home whenever it is told to. */
async function race() {
  const child = spawn(process.execPath, ["--no-warnings", RACER, home], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    child,
    ask: async (what: "claim" | "release"): Promise<string> => {
      child.stdin.write(`${what}\n`);
      return String((await lines.next()).value);
    },
  };
}

describe("lockHome()", () => {
  it("refuses a second host of the same process, and names who has it", async () => {
    const lock = await lockHome(home);
    await expect(lockHome(home)).rejects.toMatchObject({
      code: "HOME_IN_USE",
      message: expect.stringContaining(`process ${process.pid}`),
      data: { home, pid: process.pid },
    });
    await lock.release();
    await lock.release();
    await (await lockHome(home)).release();
  });

  it("refuses a host of another process until that one is gone, however it went", async () => {
    const { child, said, exited } = await claim();
    expect(said).toBe("locked");
    await expect(lockHome(home)).rejects.toMatchObject({
      code: "HOME_IN_USE",
      data: { pid: child.pid },
    });
    child.kill("SIGKILL");
    await exited;
    const lock = await lockHome(home);
    expect((await claim()).said).toBe("HOME_IN_USE");
    await lock.release();
  });

  it("gives it to one of many that ask at once, a killed one's too", async () => {
    for (let round = 0; round < 3; round++) {
      const all = await Promise.all(Array.from({ length: 4 }, () => claim()));
      expect(all.filter(({ said }) => said === "locked")).toHaveLength(1);
      expect(all.filter(({ said }) => said === "HOME_IN_USE")).toHaveLength(3);
      for (const { child } of all) child.kill("SIGKILL");
      await Promise.all(all.map(({ exited }) => exited));
    }
  });

  it("never refuses everybody, however exactly they ask at the same moment", async () => {
    const racers = await Promise.all([race(), race()]);
    for (let round = 0; round < 80; round++) {
      const said = await Promise.all(racers.map((racer) => racer.ask("claim")));
      expect(said.toSorted()).toEqual(["HOME_IN_USE", "locked"]);
      await Promise.all(racers.map((racer) => racer.ask("release")));
    }
    for (const { child } of racers) child.kill("SIGKILL");
  });

  it("leaves nothing but an empty file", async () => {
    await (await lockHome(home)).release();
    expect(await readdir(home)).toEqual(["lock.db"]);
  });

  it("says so when the home cannot be written", async () => {
    await expect(lockHome(join(home, "absent"))).rejects.toMatchObject({ code: "STORE_FAILED" });
    if (process.getuid?.() === 0) return;
    await chmod(home, 0o500);
    await expect(lockHome(home)).rejects.toMatchObject({ code: "STORE_FAILED" });
    await chmod(home, 0o700);
  });
});
