import { Readable } from "node:stream";
import { escapeText } from "@paddock/contract";

/** How much of the end of an output is kept as evidence of why a guest ended. */
export const TAIL_BYTES = 4 * 1024;
const TAIL_LINES = 40;

/** An output of a guest on its way to whoever asked for it: never more ahead than a buffer, never lost. */
export interface RawStream {
  readonly stream: Readable;
  /** The last lines so far, escaped. */
  lastLines(): readonly string[];
  /** The guest is gone: takes what is left in the kernel, so that the descriptor need not wait for a reader. */
  flush(): void;
}

export function passOn(source: Readable): RawStream {
  let tail = Buffer.alloc(0);
  let isFlushing = false;
  const stream = new Readable({
    read: () => void source.resume(),
    destroy: (error, done) => {
      source.destroy();
      done(error);
    },
  });
  source.on("data", (chunk: Buffer) => {
    tail = Buffer.from(Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES));
    if (!stream.push(chunk) && !isFlushing) source.pause();
  });
  const end = () => void (stream.destroyed || stream.readableEnded || stream.push(null));
  source.once("end", end);
  source.once("close", () => void (source.readableEnded || end()));
  source.on("error", () => source.destroy());
  return {
    stream,
    lastLines: () => tail.toString("utf8").split("\n").filter(Boolean).slice(-TAIL_LINES).map(escapeText),
    flush: () => {
      isFlushing = true;
      source.resume();
    },
  };
}
