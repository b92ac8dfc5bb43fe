import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { CHUNK_BYTES, type Flow, RAW_DOWN, RAW_UP } from "./flow.ts";

const GUEST = fileURLToPath(new URL("./pipe-guest.mjs", import.meta.url));
const CHUNK = Buffer.alloc(CHUNK_BYTES);

/** Two Node processes and the pipes between them, as fast as they go: nothing is framed, bounded or counted. */
export function startRawPipe() {
  const child = spawn(process.execPath, [GUEST], { stdio: ["pipe", "pipe", "inherit"] });
  const { stdin, stdout } = child;
  const exited = once(child, "exit");
  const up: Flow = {
    name: RAW_UP,
    baseline: RAW_UP,
    flow: async (bytes) => {
      stdin.write(`up ${bytes}`);
      let missing = bytes;
      await new Promise<void>((resolve) => {
        const count = (chunk: Buffer) => {
          missing -= chunk.length;
          if (missing > 0) return;
          stdout.off("data", count);
          resolve();
        };
        stdout.on("data", count);
      });
    },
  };
  const down: Flow = {
    name: RAW_DOWN,
    baseline: RAW_DOWN,
    flow: async (bytes) => {
      const go = once(stdout, "data");
      stdin.write(`down ${bytes}`);
      await go;
      const done = once(stdout, "data");
      for (let left = bytes; left > 0; left -= CHUNK.length) {
        if (!stdin.write(CHUNK)) await once(stdin, "drain");
      }
      await done;
    },
  };
  return {
    flows: [up, down],
    close: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
