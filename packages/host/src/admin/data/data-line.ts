import { PaddockError } from "@paddock/contract";
import { z } from "zod";

/** One line of what the data guest answers, checked: it was locked in with hostile files. */
const dataLine = z.discriminatedUnion("kind", [
  z.object({
    kind: z.enum(["folder", "file", "link", "other", "unreadable"]),
    path: z.base64().max(16_384),
    bytes: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
    mode: z.number().int().min(0).max(0o777),
    modifiedMs: z.number(),
  }),
  z.object({
    kind: z.literal("end"),
    entries: z.number().int().min(0),
    bytes: z.number().min(0),
  }),
]);

/** Bytes of one line: a path as long as Linux allows, in base64, and its numbers. */
export const MAX_DATA_LINE_BYTES = 16_384;

export type DataEntry = Omit<Extract<z.output<typeof dataLine>, { path: string }>, "path"> & {
  readonly path: Buffer;
};
export type ParsedDataLine =
  | { readonly kind: "entry"; readonly entry: DataEntry }
  | { readonly kind: "end"; readonly entries: number; readonly bytes: number };

/** Throws PROTOCOL_VIOLATION; an entry's path is relative and leads nowhere else. */
export function parseDataLine(text: string): ParsedDataLine {
  try {
    const line = dataLine.parse(JSON.parse(text));
    if (line.kind === "end") return line;
    const path = Buffer.from(line.path, "base64");
    assertInside(path);
    return { kind: "entry", entry: { ...line, path } };
  } catch (cause) {
    throw new PaddockError("PROTOCOL_VIOLATION", "Cannot read a plugin's files: the answer is malformed.", {
      cause,
    });
  }
}

function assertInside(path: Buffer): void {
  // latin1 keeps bytes apart: "/" and "." are themselves in it.
  const parts = path.toString("latin1").split("/");
  const isWrong = (part: string) => part === "" || part === "." || part === ".." || part.includes("\0");
  if (parts.some(isWrong)) throw new Error("a path leads out of its folder");
}
