import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { toPaddockError } from "@paddock/contract";
import { ERROR_TRAILER } from "./call-protocol.js";

/**
 * Answers with one JSON value a line, each written when the one before is on its way: a reader that is slow holds
 * up only the source it reads, which is bounded. A failure is the last line: `{ "error": … }`.
 */
export async function sendLines(response: ServerResponse, values: AsyncIterable<unknown>): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  // The reader may want to know that it is connected before there is anything to say.
  response.flushHeaders();
  try {
    for await (const value of values) {
      if (!(await writeAll(response, `${JSON.stringify(value ?? null)}\n`))) return;
    }
  } catch (error) {
    await writeAll(
      response,
      `${JSON.stringify({ error: toPaddockError(error, "go on with the answer") })}\n`,
    );
  } finally {
    response.end();
  }
}

/** Answers with bytes. One that fails in the middle is cut off, so that nobody takes it for whole. */
export async function sendBytes(
  response: ServerResponse,
  type: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  response.writeHead(200, { "content-type": type, "cache-control": "no-store", trailer: ERROR_TRAILER });
  try {
    for await (const piece of pieces) {
      if (!(await writeAll(response, piece))) return;
    }
  } catch (error) {
    const failure = toPaddockError(error, "go on with the answer");
    response.addTrailers({ [ERROR_TRAILER]: encodeURIComponent(JSON.stringify({ error: failure })) });
  } finally {
    response.end();
  }
}

/** False when nobody reads any more. */
async function writeAll(response: ServerResponse, content: string | Uint8Array): Promise<boolean> {
  if (response.destroyed) return false;
  if (response.write(content)) return true;
  const stop = new AbortController();
  try {
    await Promise.race([
      once(response, "drain", { signal: stop.signal }),
      once(response, "close", { signal: stop.signal }),
    ]);
  } catch {
    // A response that broke says so by its "close" as well.
  } finally {
    stop.abort();
  }
  return !response.destroyed;
}
