import { setImmediate } from "node:timers/promises";
import { freeBytes, type IncomingStream } from "@paddock/contract";

/** The bytes of a whole stream, or why there are none: more than allowed, or not as many as were announced. */
export type BytesRead =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "excess" }
  | { readonly kind: "fault"; readonly words: string };

const MISCOUNTED: BytesRead = { kind: "fault", words: "bytes that are not as many as it announced" };

/** Copied before the event loop goes on: more at once would hold up everybody else. */
const COPY_TURN_BYTES = 1024 * 1024;

/**
 * Reads all of a stream, of `announced` bytes where that is known; what is not read to its end is cancelled. Rejects
 * with what the stream failed with.
 */
export async function readAll(
  stream: IncomingStream,
  maxBytes: number,
  announced: number | undefined,
): Promise<BytesRead> {
  if (announced === undefined) return gather(stream, maxBytes);
  if (announced > maxBytes) return excess(stream);
  const bytes = new Uint8Array(announced);
  let at = 0;
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
    if (chunk.length > announced - at) {
      stream.cancel();
      return MISCOUNTED;
    }
    bytes.set(chunk, at);
    at += chunk.length;
    freeBytes(chunk);
  }
  return at === announced ? { kind: "bytes", bytes } : MISCOUNTED;
}

async function gather(stream: IncomingStream, maxBytes: number): Promise<BytesRead> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
    length += chunk.length;
    if (length > maxBytes) return excess(stream);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  let copied = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
    freeBytes(chunk);
    if (at - copied < COPY_TURN_BYTES) continue;
    copied = at;
    await setImmediate();
  }
  return { kind: "bytes", bytes };
}

function excess(stream: IncomingStream): BytesRead {
  stream.cancel();
  return { kind: "excess" };
}
