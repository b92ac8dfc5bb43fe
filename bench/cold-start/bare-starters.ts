import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { BARE_GUEST, spawnBare } from "../contenders/bare-process.ts";
import { timeFirstEcho } from "./first-echo.ts";
import type { Starter } from "./starter.ts";

export async function createBareStarter(): Promise<Starter> {
  return starterOf(spawnBare);
}

/** The interpreter alone: what no isolation of a Node process can do without. */
export async function createNodeStarter(): Promise<Starter> {
  return starterOf(() =>
    spawn(process.execPath, [BARE_GUEST], { env: {}, stdio: ["ignore", "ignore", "inherit", "pipe"] }),
  );
}

function starterOf(spawnGuest: () => ChildProcess): Starter {
  return {
    start: () => {
      const startedAt = performance.now();
      const child = spawnGuest();
      // Safe: descriptor 3 was asked for as a pipe, which Node makes a socket pair.
      const channel = child.stdio[3] as Duplex;
      return timeFirstEcho(startedAt, child, { input: channel, output: channel }, () =>
        child.kill("SIGKILL"),
      );
    },
    close: async () => undefined,
  };
}
