import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUNDLE_MAX_BYTES, readBundlerReply } from "./bundler-reply.js";

const CODE = "export default 1;";
const header = (more: object = {}) => ({
  kind: "bundled",
  files: [{ name: "main.mjs", bytes: CODE.length }],
  inputs: ["/source/a.js"],
  ...more,
});
const line = (value: unknown) => `${JSON.stringify(value)}\n`;
const read = (...chunks: readonly (string | Buffer)[]) =>
  readBundlerReply(
    Readable.from(
      chunks.map((chunk) => Buffer.from(chunk)),
      { objectMode: false },
    ),
  );

describe("readBundlerReply()", () => {
  it("gives the same for every way in which the bytes may be cut", async () => {
    const bytes = Buffer.from(line(header()) + CODE);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), fc.nat(bytes.length), async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const reply = await read(bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to));
        expect(reply).toMatchObject({ kind: "bundled", inputs: ["/source/a.js"] });
        expect(reply.kind === "bundled" && String(reply.contents.get("main.mjs"))).toBe(CODE);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ["nothing", ""],
    ["no line", "{}"],
    ["no JSON", "hello\n"],
    ["another shape", line({ kind: "bundled" })],
    ["an unknown key", line(header({ extra: 1 })) + CODE],
    ["a name that leads elsewhere", line(header({ files: [{ name: "../../main.mjs", bytes: 17 }] })) + CODE],
    ["less than announced", line(header()) + CODE.slice(1)],
    ["more than announced", `${line(header())}${CODE} `],
    ["a negative size", line(header({ files: [{ name: "main.mjs", bytes: -1 }] }))],
    ["only a map", line(header({ files: [{ name: "main.mjs.map", bytes: 17 }] })) + CODE],
    ["a million inputs", line(header({ inputs: Array(30_000).fill("/a") })) + CODE],
    ["no problem at all", line({ kind: "failed", problems: [] })],
    ["deep nesting", `${"[".repeat(100_000)}\n`],
  ])("refuses %s", async (_, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: "BUNDLE_FAILED", hint: expect.any(String) });
  });

  it("stops reading what has no end", async () => {
    let sent = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          sent += 1024 ** 2;
          yield Buffer.alloc(1024 ** 2);
        }
      })(),
    );
    await expect(readBundlerReply(endless)).rejects.toMatchObject({
      code: "BUNDLE_FAILED",
      message: expect.stringContaining("larger than 16 MB"),
    });
    expect(sent).toBeLessThan(2 * BUNDLE_MAX_BYTES);
  });
});
