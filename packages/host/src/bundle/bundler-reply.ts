import type { Readable } from "node:stream";
import { PaddockError } from "@paddock/contract";
import { z } from "zod";
import type { BundlerAnswer } from "./bundler-guest.js";

/** The bundler reads hostile sources with native code: what it says is bounded, parsed and never trusted. */
export const BUNDLE_MAX_BYTES = 16 * 1024 ** 2;
export const BUNDLE_MAX_HEADER_BYTES = 4 * 1024 ** 2;
export const BUNDLE_MAX_INPUTS = 20_000;

export type BundlerReply =
  | {
      readonly kind: "bundled";
      readonly contents: ReadonlyMap<string, Buffer>;
      readonly inputs: readonly string[];
    }
  | Extract<BundlerAnswer, { kind: "failed" }>;

const text = z.string().max(4_096);
const count = z
  .int()
  .min(0)
  .max(2 ** 31);
const answer = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("bundled"),
    files: z
      .array(z.strictObject({ name: z.enum(["main.mjs", "main.mjs.map"]), bytes: count }))
      .min(1)
      .max(2),
    inputs: z.array(text).max(BUNDLE_MAX_INPUTS),
  }),
  z.strictObject({
    kind: z.literal("failed"),
    problems: z
      .array(
        z.strictObject({
          code: text,
          message: text,
          specifier: text.exactOptional(),
          file: text.exactOptional(),
          line: count.exactOptional(),
          column: count.exactOptional(),
        }),
      )
      .min(1)
      .max(100),
  }),
]);

/** Reads one whole reply up to the end of the stream. Rejects with BUNDLE_FAILED when it is none. */
export async function readBundlerReply(channel: Readable): Promise<BundlerReply> {
  const bytes = await readBounded(channel);
  const end = bytes.indexOf(0x0a);
  if (end === -1) throw broken(bytes.length === 0 ? "it ended without an answer" : "its answer has no end");
  if (end > BUNDLE_MAX_HEADER_BYTES) throw broken("its answer is too long");
  const header = parseHeader(bytes.toString("utf8", 0, end));
  if (header.kind === "failed") return header;
  const contents = new Map<string, Buffer>();
  let at = end + 1;
  for (const { name, bytes: length } of header.files) {
    contents.set(name, bytes.subarray(at, at + length));
    at += length;
  }
  if (at !== bytes.length || !contents.has("main.mjs")) throw broken("its answer is not what it announced");
  return { kind: "bundled", contents, inputs: header.inputs };
}

async function readBounded(channel: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of channel) {
    // Safe: no encoding is set on the channel.
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > BUNDLE_MAX_BYTES) {
      throw new PaddockError(
        "BUNDLE_FAILED",
        `Cannot bundle the plugin: the result is larger than ${BUNDLE_MAX_BYTES / 1024 ** 2} MB.`,
        { hint: "Import less: keep data in files of the plugin and read them when it runs." },
      );
    }
  }
  return Buffer.concat(chunks);
}

function parseHeader(line: string): BundlerAnswer {
  try {
    return answer.parse(JSON.parse(line));
  } catch (cause) {
    throw broken("its answer has the wrong shape", cause);
  }
}

function broken(state: string, cause?: unknown): PaddockError {
  return new PaddockError("BUNDLE_FAILED", `Cannot bundle the plugin: the bundler failed: ${state}.`, {
    hint: "Look for unusual code in the plugin: the bundler crashed or was tricked.",
    cause,
  });
}
