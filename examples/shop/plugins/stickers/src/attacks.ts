import { execFileSync, spawn } from "node:child_process";
import { chmodSync, closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tinyProgram } from "./tiny-program.ts";

/** What an attack is aimed at: harmless things that the demo has put there for it. */
export interface Target {
  /** A file that every user can read. */
  readonly systemFile: string;
  /** A file of another plugin. */
  readonly neighbourFile: string;
  /** A file of the shop, which an attack overwrites. */
  readonly pricesFile: string;
  /** The environment variable with the shop's secret. */
  readonly secretName: string;
  /** A server of the shop on the loopback interface, which greets who connects. */
  readonly port: number;
  /** A process of the shop. */
  readonly pid: number;
  /** How much is enough to call it a success. */
  readonly fillBytes: number;
  readonly memoryBytes: number;
}

/** What the attacker got: its proof. */
export type Loot = string | number | undefined;

/**
 * What the plugin tries, by name. Each is plain Node code that knows nothing of walls: it returns its loot, or
 * throws what the system or the language said.
 */
export const ATTACKS: Readonly<Record<string, (target: Target) => Loot | Promise<Loot>>> = {
  "read-system-file": ({ systemFile }) => readFileSync(systemFile, "utf8").split("\n", 1)[0],
  "read-secret": stealSecret,
  "read-neighbour": ({ neighbourFile }) => readFileSync(neighbourFile, "utf8").length,
  "write-prices": ({ pricesFile }) => void writeFileSync(pricesFile, "everything: 0"),
  "run-shell": () => execFileSync("/bin/sh", ["-c", "id -u"], { encoding: "utf8" }).trim(),
  "leave-process": leaveProcess,
  "kill-process": ({ pid }) => void process.kill(pid, "SIGKILL"),
  "connect-loopback": connectTo,
  "listen-port": listen,
  "run-dropped-program": runDropped,
  "fill-disk": fillDisk,
  "exhaust-memory": exhaustMemory,
  "patch-host": () => void Reflect.set(Object.prototype, "isAdmin", true),
};

/** From its own environment, else from that of any process that it can see. */
function stealSecret({ secretName }: Target): Loot {
  const own = process.env[secretName];
  if (own !== undefined) return own;
  const environment = readFileSync(`/proc/${process.ppid}/environ`, "utf8");
  const found = environment.split("\0").find((entry) => entry.startsWith(`${secretName}=`));
  if (found === undefined) throw new Error(`${secretName} is not set`);
  return found;
}

/** A process that outlives the call and whoever made it. */
function leaveProcess(): Promise<Loot> {
  const child = spawn(process.execPath, ["--eval", "setTimeout(() => {}, 5_000)"], {
    detached: true,
    stdio: "ignore",
  });
  child.unref();
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => resolve(child.pid));
  });
}

function connectTo({ port }: Target): Promise<Loot> {
  const socket = connect(port, "127.0.0.1");
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("data", (greeting) => {
      socket.destroy();
      resolve(greeting.toString());
    });
  });
}

function listen(): Promise<Loot> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? address?.port : undefined));
    });
  });
}

function fillDisk({ fillBytes }: Target): Loot {
  const chunk = Buffer.alloc(1024 ** 2, "x");
  const file = openSync(join(tmpdir(), "filler"), "w");
  try {
    let written = 0;
    while (written < fillBytes) written += writeSync(file, chunk);
    return written;
  } finally {
    closeSync(file);
  }
}

/** Becomes a program of its own: no new process is needed for that. */
function runDropped(): never {
  const path = join(tmpdir(), "dropped");
  writeFileSync(path, tinyProgram(process.arch));
  chmodSync(path, 0o755);
  const { execve } = process;
  if (execve === undefined) throw new Error("this Node cannot replace itself");
  return execve.call(process, path, [path], {});
}

function exhaustMemory({ memoryBytes }: Target): Loot {
  const chunkBytes = 16 * 1024 ** 2;
  const kept: Buffer[] = [];
  while (kept.length * chunkBytes < memoryBytes) kept.push(Buffer.alloc(chunkBytes, "x"));
  return kept.length * chunkBytes;
}
