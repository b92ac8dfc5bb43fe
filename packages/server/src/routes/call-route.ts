import { Readable } from "node:stream";
import { type CallOptions, isPaddockError, PaddockError } from "@paddock/host";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { disconnectOf } from "../disconnect.js";
import { readPart } from "../read-part.js";
import { sendBytes, sendLines } from "../send-lines.js";
import { PLUGIN, pluginOf, type RouteRooms } from "./route-rooms.js";

const callQuery = z.strictObject({
  tenant: z.string().max(200).optional(),
  caller: z.string().max(400).optional(),
  timeoutMs: z.coerce.number().optional(),
});

/** Largest JSON payload: the most that any plugin may be given at once. Bytes flow and need no bound here. */
export const MAX_BODY_BYTES = 16 * 1024 ** 2;

/** What kind of answer follows. */
export const RESULT_HEADER = "paddock-result";
export type ResultKind = "json" | "bytes" | "items";

/** One line of an answer of items. */
export interface ItemLine {
  readonly item: unknown;
}

/** One call, cancelled when whoever made it goes away. */
export function callRoute(app: FastifyInstance, rooms: RouteRooms): void {
  const { host, authenticate, closing, enter } = rooms;
  // Bytes go to the plugin as they come.
  app.addContentTypeParser("application/octet-stream", (_request, payload, done) => done(null, payload));
  app.post(`${PLUGIN}/actions/:action`, { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    authenticate(request);
    const options = readPart(callQuery, request.query, "query");
    // Safe: the address has it.
    const { action } = request.params as { readonly action: string };
    const signal = disconnectOf(reply, closing);
    const leave = enter();
    try {
      const traceparent = request.headers.traceparent;
      const callOptions: CallOptions = {
        ...options,
        signal,
        ...(typeof traceparent === "string" ? { traceparent } : {}),
      };
      const result = await host.call(pluginOf(request), action, toPayload(request.body), callOptions);
      if (result instanceof Uint8Array) {
        return reply
          .header(RESULT_HEADER, "bytes")
          .type("application/octet-stream")
          .send(Buffer.from(result.buffer, result.byteOffset, result.byteLength));
      }
      if (isByteStream(result)) {
        reply.hijack();
        reply.raw.setHeader(RESULT_HEADER, "bytes");
        return await sendBytes(reply.raw, "application/octet-stream", result);
      }
      if (isIterable(result)) {
        reply.hijack();
        reply.raw.setHeader(RESULT_HEADER, "items");
        return await sendLines(reply.raw, wrapped(result));
      }
      return reply
        .header(RESULT_HEADER, "json")
        .type("application/json")
        .send(JSON.stringify(result ?? null));
    } catch (error) {
      if (signal.aborted && !isPaddockError(error, "CANCELLED")) {
        throw new PaddockError("CANCELLED", "Whoever made the call went away.", { cause: error });
      }
      throw error;
    } finally {
      leave();
    }
  });
}

/** An item of the plugin's may look like the line that says an error. */
async function* wrapped(items: AsyncIterable<unknown>): AsyncGenerator<ItemLine, void, undefined> {
  for await (const item of items) yield { item: item ?? null };
}

function toPayload(body: unknown): unknown {
  // Safe: Node's streams of bytes give buffers, which are Uint8Arrays.
  return body instanceof Readable ? (Readable.toWeb(body) as ReadableStream<Uint8Array>) : (body ?? null);
}

function isByteStream(value: unknown): value is ReadableStream<Uint8Array> {
  return value instanceof ReadableStream;
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
