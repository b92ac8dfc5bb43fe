import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT, SetupStop } from "./setup-stop.mjs";

const RETRY_MS = 200;
const GIVE_UP_MS = 10 * 60_000;

/**
 * Runs `work` while no other process sets up the same clone. The lock is a socket name that only the kernel
 * knows: nothing to clean up, and a killed set-up never leaves it behind.
 */
export async function withSetupLock(root, say, work) {
  const lock = await takeLock(root, say);
  try {
    return await work();
  } finally {
    await new Promise((done) => lock?.close(done) ?? done());
  }
}

async function takeLock(root, say) {
  // Names without a file are Linux's; elsewhere the search for bubblewrap ends the set-up anyway.
  if (process.platform !== "linux") return undefined;
  const name = `\0paddock-setup-${createHash("sha256").update(realpathSync(root)).digest("hex")}`;
  const giveUpAt = Date.now() + GIVE_UP_MS;
  for (let tries = 0; ; tries++) {
    const lock = await listen(name);
    if (lock !== undefined) return lock;
    if (tries === 0) say("waiting for another set-up of this clone");
    if (Date.now() > giveUpAt) {
      throw new SetupStop(EXIT.temporary, "Another set-up of this clone does not end. End it and run again.");
    }
    await sleep(RETRY_MS);
  }
}

/** The server that holds the name, or nothing while somebody else does. */
function listen(name) {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (error) => (error.code === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen({ path: name }, () => resolve(server));
  });
}
