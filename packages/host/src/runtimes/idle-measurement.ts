import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import type { Duplex } from "node:stream";
import type { Baseline } from "../isolation/isolation.js";

/** What an interpreter said about itself, and what it used while it had nothing to do. */
export interface Measurement {
  readonly report: string;
  readonly baseline: Baseline;
}

/** Added to what was measured: an interpreter differs a little from start to start. */
export const BASELINE_MARGIN: Baseline = { dataBytes: 16 * 1024 ** 2, threads: 4, files: 8 };
export const MEASURE_TIMEOUT_MS = 10_000;
/** Longest report; more is no interpreter of ours. */
const MAX_REPORT_CHARACTERS = 8_192;

/**
 * Starts a program that writes one line to descriptor 3 and then waits there, asks the kernel what it uses, and
 * ends it. Rejects with an Error that says what it did instead.
 */
export async function measureIdle(path: string, args: readonly string[]): Promise<Measurement> {
  const child = spawn(path, args, {
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
    const report = await Promise.race([readLine(child.stdio[3] as Duplex), failed]);
    return { report, baseline: await readUsage(child.pid ?? 0) };
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
      text += chunk.toString("utf8");
      const end = text.indexOf("\n");
      if (end !== -1) resolve(text.slice(0, end));
      else if (text.length > MAX_REPORT_CHARACTERS) reject(new Error("it does not answer as expected"));
    });
  });
}
