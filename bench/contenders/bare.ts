import { once } from "node:events";
import type { Duplex } from "node:stream";
import { spawnBare } from "./bare-process.ts";
import type { Contender } from "./contender.ts";
import { Waiting } from "./waiting.ts";

/** Name of the row that ours are compared with. */
export const BARE = "bare bwrap + node";

/** With the id of bubblewrap's own process, whose child the guest is. */
export interface BareContender extends Contender {
  readonly pid: number;
}

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/**
 * The floor under anything with a process behind bubblewrap: the same Node, the same namespaces, a socket pair,
 * one JSON line each way, and no product code: nothing is bounded, checked, attributed, timed or limited. Lines
 * of one turn leave in one write, and answers come in order, so there are not even ids.
 */
export async function startBare(): Promise<BareContender> {
  const child = spawnBare();
  const exited = once(child, "exit");
  // Safe: descriptor 3 was asked for as a pipe, which Node makes a socket pair.
  const channel = child.stdio[3] as Duplex;
  channel.on("error", () => undefined);
  const waiting = new Waiting();
  let out = "";
  let unfinished: Buffer = NOTHING;

  const flush = () => {
    const text = out;
    out = "";
    channel.write(text);
  };
  channel.on("data", (part: Buffer) => {
    const chunk = unfinished === NOTHING ? part : Buffer.concat([unfinished, part]);
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    unfinished = end === chunk.length ? NOTHING : chunk.subarray(end);
    const text = chunk.toString("utf8", 0, end);
    for (let start = 0; start < text.length; ) {
      const newline = text.indexOf("\n", start);
      waiting.answer(JSON.parse(text.slice(start, newline)));
      start = newline + 1;
    }
  });
  return {
    name: BARE,
    pid: child.pid ?? 0,
    call: (payload) => {
      if (out === "") queueMicrotask(flush);
      out += `${JSON.stringify(payload)}\n`;
      return waiting.next();
    },
    close: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
