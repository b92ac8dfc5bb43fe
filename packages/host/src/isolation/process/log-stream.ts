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
  const last: string[] = [];
  let partial: Buffer[] = [];
  let partialBytes = 0;
  let burstBytes = 0;
  const budget = new LogBudget(linesPerSecond);
  let timer: NodeJS.Timeout | undefined;

  const emit = () => {
    const text = escapeText(Buffer.concat(partial).subarray(0, MAX_LOG_LINE_BYTES).toString("utf8"));
    partial = [];
    partialBytes = 0;
    if (last.push(text) > LAST_LINES) last.shift();
    const dropped = budget.take();
    if (dropped !== undefined) onLine({ stream, text, dropped });
  };

  source.on("data", (chunk: Buffer) => {
    for (let start = 0; start < chunk.length; ) {
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
    lastLines: () =>
      partialBytes === 0 ? last : [...last, escapeText(Buffer.concat(partial).toString("utf8"))],
    close: () => {
      clearTimeout(timer);
      source.destroy();
    },
  };
}
