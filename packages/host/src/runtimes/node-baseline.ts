import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import type { Duplex } from "node:stream";
import { PaddockError } from "@paddock/contract";
import type { Baseline } from "../isolation/isolation.js";

export interface NodeMeasurement {
  readonly version: string;
  readonly baseline: Baseline;
}

/** Added to what was measured: an interpreter differs a little from start to start. */
export const BASELINE_MARGIN: Baseline = { dataBytes: 16 * 1024 ** 2, threads: 4, files: 8 };
export const MEASURE_TIMEOUT_MS = 10_000;

/** Wakes the four threads of libuv's pool, which the first asynchronous file access would start anyway. */
const IDLE_PROGRAM = `
const channel = new (require("node:net").Socket)({ fd: 3 });
const report = process.release?.name === "node" ? process.version : "not Node";
let waiting = 4;
const awake = () => { if (--waiting === 0) channel.write(report + "\\n"); };
for (let thread = 0; thread < 4; thread += 1) require("node:fs").access("/plugin", awake);
channel.resume();
`;

/**
 * Starts the interpreter with the guest's flags and nothing to do, asks the kernel what it uses, and ends it.
 * About 50 ms. Rejects with SETUP_FAILED when the program does not behave like Node.
 */
export async function measureNode(path: string, flags: readonly string[]): Promise<NodeMeasurement> {
  const child = spawn(path, [...flags, "-e", IDLE_PROGRAM], {
    env: {},
    cwd: "/",
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    timeout: MEASURE_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`it ended with ${signal ?? code}`)));
  });
  failed.catch(() => undefined);
  try {
    // Safe: descriptor 3 was asked for as a pipe, which Node makes a two-way socket.
    const version = await Promise.race([readLine(child.stdio[3] as Duplex), failed]);
    return { version, baseline: await readUsage(child.pid ?? 0) };
  } catch (cause) {
    const state = cause instanceof Error ? cause.message : String(cause);
    throw new PaddockError("SETUP_FAILED", `Cannot run plugins with "${path}": ${state}.`, {
      hint: "Set interpreter.node in the configuration to a Node of 22.18 or later.",
      cause,
    });
  } finally {
    child.kill("SIGKILL");
    child.stdio[3]?.destroy();
    if (child.pid !== undefined) await ended;
  }
}

async function readUsage(pid: number): Promise<Baseline> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const field = (name: string): number => {
    const value = new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1];
    if (value === undefined) throw new Error(`/proc/PID/status has no ${name}`);
    return Number(value);
  };
  const files = (await readdir(`/proc/${pid}/fd`)).length;
  return {
    dataBytes: field("VmData") * 1024 + BASELINE_MARGIN.dataBytes,
    threads: field("Threads") + BASELINE_MARGIN.threads,
    files: files + BASELINE_MARGIN.files,
  };
}

function readLine(stream: Duplex): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    stream.once("error", reject);
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\n");
      if (end !== -1) resolve(text.slice(0, end));
      else if (text.length > 1024) reject(new Error("it does not answer like Node"));
    });
  });
}
