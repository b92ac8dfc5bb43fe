import { PaddockError } from "@paddock/contract";
import { type Measurement, measureIdle } from "./idle-measurement.js";

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
 * Starts the interpreter with the guest's flags and nothing to do; its report is its version. About 50 ms.
 * Rejects with SETUP_FAILED when the program does not behave like Node.
 */
export async function measureNode(path: string, flags: readonly string[]): Promise<Measurement> {
  try {
    return await measureIdle(path, [...flags, "-e", IDLE_PROGRAM]);
  } catch (cause) {
    const state = cause instanceof Error ? cause.message : String(cause);
    throw new PaddockError("SETUP_FAILED", `Cannot run plugins with "${path}": ${state}.`, {
      hint: "Set interpreter.node in the configuration to a Node of 22.18 or later.",
      cause,
    });
  }
}
