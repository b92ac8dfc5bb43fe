import { PassThrough, Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GuestLogLine } from "../isolation.js";
import {
  LAST_LINES,
  LOG_BURST_BYTES,
  LOG_PAUSE_MS,
  MAX_LOG_LINE_BYTES,
  readLogStream,
} from "./log-stream.js";

interface Read {
  readonly lines: readonly GuestLogLine[];
  readonly lastLines: readonly string[];
}

/** Everything that is logged until the source ends. */
async function readAll(chunks: Iterable<Buffer | string>, linesPerSecond = 1_000_000): Promise<Read> {
  const lines: GuestLogLine[] = [];
  const source = Readable.from(
    Array.from(chunks, (chunk) => Buffer.from(chunk)),
    { objectMode: false },
  );
  const log = readLogStream("stdout", source, linesPerSecond, (line) => lines.push(line));
  await new Promise((resolve) => source.once("close", resolve));
  const lastLines = log.lastLines();
  log.close();
  return { lines, lastLines };
}

const texts = ({ lines }: Read) => lines.map(({ text }) => text);

describe("readLogStream()", () => {
  it("gives whole lines, however they arrive", async () => {
    expect(texts(await readAll(["on", "e\ntw", "o\n", "three\nfour\n"]))).toEqual([
      "one",
      "two",
      "three",
      "four",
    ]);
  });

  it("gives the same lines for every way to cut the same bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme", maxLength: 30 })),
        fc.array(fc.nat(200), { maxLength: 20 }),
        async (lines, cuts) => {
          const bytes = Buffer.from(lines.map((line) => `${line.replaceAll("\n", "")}\n`).join(""));
          const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
          const chunks = places.slice(1).map((end, at) => bytes.subarray(places[at], end));
          const whole = await readAll(bytes.length === 0 ? [] : [bytes]);
          expect(texts(await readAll(chunks.filter(({ length }) => length > 0)))).toEqual(texts(whole));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("gives a last line that has no end", async () => {
    expect(texts(await readAll(["one\npart"]))).toEqual(["one", "part"]);
    expect(texts(await readAll(["one\n"]))).toEqual(["one"]);
  });

  it("cuts a long line and never holds the rest of it", async () => {
    const long = "x".repeat(1_000_000);
    expect(texts(await readAll([`${long}${long}`, `${long}\nnext\n`]))).toEqual([
      "x".repeat(MAX_LOG_LINE_BYTES),
      "next",
    ]);
  });

  it("escapes what a terminal would obey", async () => {
    expect(texts(await readAll(["\u001b[2J\u202eevil\rgood\n"]))).toEqual([
      "\\u{1b}[2J\\u{202e}evil\\u{d}good",
    ]);
  });

  it("puts a mark in place of bytes that are no UTF-8", async () => {
    const read = await readAll([Buffer.from([0x61, 0xff, 0xc3, 0x0a, 0xc3, 0xa4, 0x0a])]);
    expect(texts(read)).toEqual(["a\ufffd\ufffd", "ä"]);
  });

  it("drops what is over the rate and says how much", async () => {
    const { lines } = await readAll([Array.from({ length: 50 }, (_, index) => `${index}\n`).join("")], 10);
    expect(lines.map(({ text }) => text)).toEqual(Array.from({ length: 10 }, (_, index) => String(index)));
    const source = new PassThrough();
    const passed: GuestLogLine[] = [];
    const log = readLogStream("stderr", source, 20, (line) => passed.push(line));
    source.write("x\n".repeat(30));
    await wait(100);
    source.write("y\n");
    await expect.poll(() => passed.at(-1)).toEqual({ stream: "stderr", text: "y", dropped: 10 });
    log.close();
  });

  it("keeps the last lines as evidence, dropped ones and the unfinished one too", async () => {
    const many = Array.from({ length: 100 }, (_, index) => `${index}\n`).join("");
    const { lastLines } = await readAll([many], 1);
    expect(lastLines).toEqual(
      Array.from({ length: LAST_LINES }, (_, index) => String(100 - LAST_LINES + index)),
    );
    const source = new PassThrough();
    const log = readLogStream("stdout", source, 10, () => undefined);
    source.write("Segmentation f\u0007");
    await expect.poll(() => log.lastLines()).toEqual(["Segmentation f\\u{7}"]);
    log.close();
  });

  it("lets a guest that shouts wait instead of the host", async () => {
    let given = 0;
    const chunk = Buffer.alloc(64 * 1024, "x");
    const source = new Readable({
      read() {
        given += chunk.length;
        this.push(chunk);
      },
    });
    const log = readLogStream("stdout", source, 100, () => undefined);
    const startedAt = performance.now();
    await wait(500);
    const rounds = (performance.now() - startedAt) / LOG_PAUSE_MS + 1;
    log.close();
    expect(given).toBeGreaterThan(LOG_BURST_BYTES);
    expect(given).toBeLessThanOrEqual((rounds + 1) * (LOG_BURST_BYTES + 2 * chunk.length));
    const after = given;
    await wait(3 * LOG_PAUSE_MS);
    expect(given).toBe(after);
  });

  it("ends quietly when its source fails", async () => {
    const source = new PassThrough();
    const log = readLogStream("stdout", source, 10, () => undefined);
    source.destroy(new Error("EIO"));
    await expect.poll(() => source.closed).toBe(true);
    log.close();
  });
});
