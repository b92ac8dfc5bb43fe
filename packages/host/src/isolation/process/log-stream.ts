import type { Readable } from "node:stream";
import { escapeText } from "@paddock/contract";
import { LogBudget } from "../../log-budget.js";
import type { GuestLogLine } from "../isolation.js";

/** Bytes of one log line; the rest of a longer one is cut. */
export const MAX_LOG_LINE_BYTES = 8 * 1024;
/** Bytes read from one stream before it has to wait: a guest that shouts stalls itself, not the host. */
export const LOG_BURST_BYTES = 256 * 1024;
/** How long it then waits. */
export const LOG_PAUSE_MS = 50;
/** Last lines kept as evidence of why a guest ended. */
export const LAST_LINES = 40;

export interface LogStream {
  /** The last lines, escaped, oldest first. */
  readonly lastLines: () => readonly string[];
  close(): void;
}

/**
 * Reads a guest's output as log lines: whole, bounded, escaped, at most so many a second. What is over
 * the rate is dropped and counted; the pipe is always drained, but never faster than LOG_BURST_BYTES
 * each LOG_PAUSE_MS.
 */
export function readLogStream(
  stream: "stdout" | "stderr",
  source: Readable,
  linesPerSecond: number,
  onLine: (line: GuestLogLine) => void,
): LogStream {
  const last: Buffer[] = [];
  let partial: Buffer[] = [];
  let partialBytes = 0;
  let burstBytes = 0;
  const budget = new LogBudget(linesPerSecond);
  let timer: NodeJS.Timeout | undefined;

  const emit = () => {
    const line = Buffer.concat(partial);
    partial = [];
    partialBytes = 0;
    // Kept as they came: escaping lines that nobody reads would be work that the guest sets.
    if (last.push(line) > LAST_LINES) last.shift();
    const dropped = budget.take();
    if (dropped !== undefined) onLine({ stream, text: toText(line), dropped });
  };

  source.on("data", (chunk: Buffer) => {
    for (let start = 0; start < chunk.length; ) {
      if (partialBytes === 0 && budget.isSpent) {
        // A flood of empty lines: made into text one by one they would stall the host, so they are only counted.
        const next = startOfLast(chunk, LAST_LINES, start);
        budget.drop(countNewlines(chunk, start, next));
        start = next;
      }
      const newline = chunk.indexOf(0x0a, start);
      const end = newline === -1 ? chunk.length : newline;
      const room = MAX_LOG_LINE_BYTES - partialBytes;
      if (room > 0 && end > start) {
        // Copied: a slice would keep the whole chunk alive for a few bytes.
        const part = Buffer.from(chunk.subarray(start, Math.min(end, start + room)));
        partial.push(part);
        partialBytes += part.length;
      }
      if (newline !== -1) emit();
      start = end + 1;
    }
    burstBytes += chunk.length;
    if (burstBytes >= LOG_BURST_BYTES && timer === undefined) {
      source.pause();
      timer = setTimeout(() => {
        timer = undefined;
        burstBytes = 0;
        source.resume();
      }, LOG_PAUSE_MS);
    }
  });
  source.once("end", () => {
    if (partialBytes > 0) emit();
  });
  source.on("error", () => source.destroy());

  return {
    lastLines: () => [...last, ...(partialBytes === 0 ? [] : [Buffer.concat(partial)])].map(toText),
    close: () => {
      clearTimeout(timer);
      source.destroy();
    },
  };
}

function toText(line: Buffer): string {
  return escapeText(line.toString("utf8"));
}

/** Where the last `lines` whole lines of a chunk begin, or `from` when there are no more than those. */
function startOfLast(chunk: Buffer, lines: number, from: number): number {
  let at = chunk.length;
  for (let found = 0; found <= lines; found++) {
    at = at === 0 ? -1 : chunk.lastIndexOf(0x0a, at - 1);
    if (at < from) return from;
  }
  return at + 1;
}

function countNewlines(chunk: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (chunk[at] === 0x0a) count++;
  return count;
}
