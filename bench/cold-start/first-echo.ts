import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import { PAYLOAD } from "../payload.ts";

/** Sends a line to a process that has just been spawned and waits for its echo; then ends the process. */
export async function timeFirstEcho(
  startedAt: number,
  child: ChildProcess,
  channel: { readonly input: Writable; readonly output: Readable },
  kill: () => void,
): Promise<number> {
  const closed = once(child, "close");
  channel.input.on("error", () => undefined);
  channel.input.write(`${JSON.stringify(PAYLOAD)}\n`);
  const line = await Promise.race([readLine(channel.output), closed.then(() => "")]);
  const ms = performance.now() - startedAt;
  kill();
  await closed;
  if (line === "" || !isDeepStrictEqual(JSON.parse(line), PAYLOAD)) throw new Error(`No echo but "${line}".`);
  return ms;
}

function readLine(output: Readable): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    output.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.endsWith("\n")) resolve(text);
    });
  });
}
