import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, lstat, readdir, readFile, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import type { ErrorCode } from "@paddock/contract";
import type { Bait, Place, Seen } from "./attack.js";

/** Anything that the attack brought home. */
export async function loot({ loot: all }: Seen): Promise<string | undefined> {
  return all[0]?.slice(0, 120);
}

/** A file that anybody on the host may read and write, with a secret in it. */
export async function baitFile({ folder }: Place): Promise<Bait> {
  const path = join(folder, "bait");
  const secret = newSecret();
  await writeFile(path, secret);
  await chmod(path, 0o666);
  const passwd = (await readFile("/etc/passwd", "utf8")).split("\n")[0] ?? secret;
  return {
    payload: { bait: path },
    damage: async (seen) => {
      if ((await readFile(path, "utf8")) !== secret) return "it changed a file of the host";
      const brought = seen.loot.join("\n");
      if (brought.includes(secret)) return "it read a file of the host";
      return brought.includes(passwd) ? "it read /etc/passwd" : loot(seen);
    },
  };
}

/** A path at which a program outside would leave a file. */
export async function baitPath({ folder }: Place): Promise<Bait> {
  await chmod(folder, 0o777);
  return {
    payload: { bait: join(folder, "bait") },
    damage: async (seen) => ((await readdir(folder)).length > 0 ? "it wrote a file on the host" : loot(seen)),
  };
}

/** A secret among the host's own variables. */
export async function baitVariable(): Promise<Bait> {
  const name = "PADDOCK_BAIT";
  const secret = newSecret();
  const hidden = [secret, ...["HOME", "PATH", "USER"].flatMap((known) => process.env[known] ?? [])];
  process.env[name] = secret;
  return {
    payload: { host: process.pid },
    damage: async (seen) => {
      const brought = seen.loot.join("\n");
      // A guest's own PATH may be equal to the host's; its secret and its home may not.
      return hidden.filter((value) => value.length > 16).some((value) => brought.includes(value))
        ? "it read the host's environment"
        : undefined;
    },
    clear: async () => {
      delete process.env[name];
    },
  };
}

/** A free port: a listener on it would be reached from outside. */
export async function baitPort(): Promise<Bait> {
  const server = await listen();
  const port = portOf(server);
  await close(server);
  return {
    payload: { port },
    damage: async (seen) => ((await isReachable(port)) ? `the host reached it at port ${port}` : loot(seen)),
  };
}

/** A service of the host that counts who calls. */
export async function baitService(): Promise<Bait> {
  let visitors = 0;
  const server = await listen();
  server.on("connection", (socket) => {
    visitors++;
    socket.destroy();
  });
  return {
    payload: { port: portOf(server) },
    damage: async (seen) => (visitors > 0 ? "it reached a service of the host" : loot(seen)),
    clear: () => close(server),
  };
}

/** Nothing to take: the attack worked unless the guest was ended for one of these reasons. */
export function onlyEndsWith(...codes: readonly ErrorCode[]): () => Promise<Bait> {
  return async () => ({
    payload: {},
    damage: async ({ failure }) => {
      if (failure !== undefined && codes.includes(failure.code)) return undefined;
      return failure === undefined ? "it was not stopped" : `it ended with ${failure.code} instead`;
    },
  });
}

/** Bytes of the blocks that a folder's files really take. */
export async function takenBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = entries.map(async (entry) => {
    const stats = await lstat(join(folder, entry)).catch(() => undefined);
    return (stats?.blocks ?? 0) * 512;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function newSecret(): string {
  return `secret-${randomBytes(16).toString("hex")}`;
}

async function listen(): Promise<Server> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

async function isReachable(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(1_000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
